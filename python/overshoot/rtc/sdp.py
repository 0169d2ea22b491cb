"""Limits on a session description, applied before anything parses it.

aiortc's parser takes time quadratic in the number of candidates (5000 of them stop the event loop
for 3.7 s), so a stranger's text is measured first.
"""

from __future__ import annotations

import ipaddress

from overshoot.errors import ValidationError

MAX_SDP_BYTES = 64 * 1024
MAX_MEDIA_SECTIONS = 4
MAX_CANDIDATES = 64
# RFC 8839 section 5.1: foundation, component, transport, priority, address, port …
_ADDRESS_FIELD = 4


def check_sdp(sdp: str) -> None:
    """Raise `ValidationError` for a text that is too long, has too many parts, or no video."""
    size = len(sdp.encode("utf-8", "surrogatepass"))
    if size > MAX_SDP_BYTES:
        raise _refused(f"SDP is {size} bytes long; at most {MAX_SDP_BYTES} are taken")
    lines = sdp.splitlines()
    media = [line for line in lines if line.startswith("m=")]
    candidates = sum(line.startswith("a=candidate:") for line in lines)
    if not sdp.startswith("v=0"):
        raise _refused("SDP does not begin with v=0")
    if len(media) > MAX_MEDIA_SECTIONS:
        raise _refused(f"SDP has {len(media)} media sections; at most {MAX_MEDIA_SECTIONS} go")
    if candidates > MAX_CANDIDATES:
        raise _refused(f"SDP has {candidates} candidates; at most {MAX_CANDIDATES} are taken")
    if not any(line.startswith("m=video ") for line in media):
        raise _refused("SDP offers no video; add one m=video section that sends VP8 or H264")


def without_named_candidates(sdp: str) -> str:
    """The text without candidates that are host names: a stranger's text must cause no look-ups.

    Nothing is lost by it, for a browser that hides its addresses behind .local names reaches us
    from them all the same; so the end of the candidates goes with them, which would have us give
    up when all others fail.
    """
    lines = sdp.splitlines(keepends=True)
    kept = [line for line in lines if not _is_named_candidate(line)]
    if len(kept) < len(lines):
        kept = [line for line in kept if line.strip() != "a=end-of-candidates"]
    return "".join(kept)


def _is_named_candidate(line: str) -> bool:
    fields = line.split()
    if not line.startswith("a=candidate:") or len(fields) <= _ADDRESS_FIELD:
        return False
    try:
        ipaddress.ip_address(fields[_ADDRESS_FIELD])
    except ValueError:
        return True
    return False


def _refused(message: str) -> ValidationError:
    return ValidationError(message, details={"field": "sdp"})
