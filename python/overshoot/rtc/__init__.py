"""What both ends of a WebRTC connection need beside aiortc: addresses, limits, bit rate, an end."""

from overshoot.rtc.bitrate import hold_bitrate
from overshoot.rtc.gathering import Gathering, gather_on
from overshoot.rtc.peer import close_peer, create_peer
from overshoot.rtc.sdp import MAX_SDP_BYTES, check_sdp, without_named_candidates

__all__ = [
    "MAX_SDP_BYTES",
    "Gathering",
    "check_sdp",
    "close_peer",
    "create_peer",
    "gather_on",
    "hold_bitrate",
    "without_named_candidates",
]
