"""Hands in pictures: `HandLandmarks` draws their points, or tells them, with local networks.

MediaPipe's ``solutions`` did this until 0.10.21; this needs nothing but the two networks that
``overshoot models pull`` fetches.
"""

from overshoot.client.hand_landmarks import HandLandmarks, draw
from overshoot.domain.hand import FINGER_TIPS, HAND_CONNECTIONS, Hand, Handedness

__all__ = ["FINGER_TIPS", "HAND_CONNECTIONS", "Hand", "HandLandmarks", "Handedness", "draw"]
