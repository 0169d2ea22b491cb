"""What both ends of a WebRTC connection need beside aiortc: addresses, limits, bit rate, an end."""

from overshoot.rtc.bitrate import hold_bitrate
from overshoot.rtc.fragments import Fragment, ice_credentials, parse_fragment
from overshoot.rtc.gathering import Gathering, gather_on
from overshoot.rtc.h264 import as_baseline, as_offered
from overshoot.rtc.peer import close_peer, create_peer, leave_unread
from overshoot.rtc.sdp import MAX_CANDIDATES, MAX_SDP_BYTES, check_sdp, without_named_candidates

__all__ = [
    "MAX_CANDIDATES",
    "MAX_SDP_BYTES",
    "Fragment",
    "Gathering",
    "as_baseline",
    "as_offered",
    "check_sdp",
    "close_peer",
    "create_peer",
    "gather_on",
    "hold_bitrate",
    "ice_credentials",
    "leave_unread",
    "parse_fragment",
    "without_named_candidates",
]
