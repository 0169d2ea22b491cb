"""H264 in whatever profile a sender has.

aiortc negotiates the two Baseline profiles in packetization mode 1 alone, but hands what comes to
FFmpeg's decoder, which knows the others as well, and takes packets of mode 0 as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_RTPMAP = re.compile(r"a=rtpmap:(\d+) H264/90000", re.IGNORECASE)
_FMTP = re.compile(r"a=fmtp:(\d+) (.*)")
_PROFILE = re.compile(r"[0-9a-fA-F]{6}")
_DEFAULT_PROFILE = "42e01f"
_KNOWN = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={_DEFAULT_PROFILE}"
# Interleaved packets, which aiortc cannot put in order.
_MODES = frozenset({"0", "1"})
_TOLD = ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")


def as_baseline(offer_sdp: str) -> tuple[str, dict[str, str]]:
    """An offer whose H264 payloads aiortc takes, and what was said of each payload before."""
    lines = offer_sdp.splitlines()
    told = dict.fromkeys((match[1] for match in _matches(_RTPMAP, lines)), "")
    told |= {match[1]: match[2] for match in _matches(_FMTP, lines) if match[1] in told}
    said = {payload: kept for payload, text in told.items() if (kept := _receivable(text))}
    changed: list[str] = []
    for line in lines:
        if (match := _FMTP.fullmatch(line.strip())) and match[1] in said:
            continue
        changed.append(line)
        if (match := _RTPMAP.fullmatch(line.strip())) and match[1] in said:
            changed.append(f"a=fmtp:{match[1]} {_KNOWN}")
    return _joined(changed), said


def as_offered(answer_sdp: str, said: dict[str, str]) -> str:
    """The answer to an `as_baseline` offer, with the profiles that were really offered."""
    lines = answer_sdp.splitlines()
    for at, line in enumerate(lines):
        if (match := _FMTP.fullmatch(line.strip())) and match[1] in said:
            lines[at] = f"a=fmtp:{match[1]} {said[match[1]]}"
    return _joined(lines)


def _matches(pattern: re.Pattern[str], lines: list[str]) -> Iterator[re.Match[str]]:
    return (match for line in lines if (match := pattern.fullmatch(line.strip())))


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _receivable(text: str) -> str | None:
    """What the answer says of a payload, or None for one that cannot be received."""
    pairs = (entry.partition("=")[::2] for entry in text.split(";"))
    values = {name.strip().lower(): value.strip() for name, value in pairs}
    mode = values.get("packetization-mode", "0")
    profile = values.get("profile-level-id", _DEFAULT_PROFILE)
    if mode not in _MODES or not _PROFILE.fullmatch(profile):
        return None
    values |= {"packetization-mode": mode, "profile-level-id": profile}
    return ";".join(f"{name}={values[name]}" for name in _TOLD if name in values)
