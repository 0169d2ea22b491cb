"""What both ends of a WebRTC connection need beside aiortc: addresses, limits, a sure end."""

from overshoot.rtc.peer import close_peer, create_peer, gather_on
from overshoot.rtc.sdp import MAX_SDP_BYTES, check_sdp, without_named_candidates

__all__ = [
    "MAX_SDP_BYTES",
    "check_sdp",
    "close_peer",
    "create_peer",
    "gather_on",
    "without_named_candidates",
]
