"""`ActionStore`, under the name of the specification's module."""

from overshoot.client.action_store import ActionStore
from overshoot.domain.action import DetectedAction

__all__ = ["ActionStore", "DetectedAction"]
