"""`ActionDetector`, under the name of the specification's module."""

from overshoot.client.action_detector import ActionDetector
from overshoot.client.detector_config import ActionDetectorConfig

__all__ = ["ActionDetector", "ActionDetectorConfig"]
