"""Candidates that come after the offer: the SDP fragments of RFC 8840 section 9."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from aiortc import RTCIceCandidate
from attrs import frozen

from overshoot.errors import ValidationError

# RFC 8839 section 5.1: foundation, component, transport, priority, address, port, "typ", type …
_FIELDS = 8
_WORD = 6
_TYPES = frozenset({"host", "srflx", "prflx", "relay"})
_MAX_PRIORITY = (1 << 31) - 1
_MAX_PORT = 65535


@frozen
class TrickledCandidate:
    """A candidate that can be tried; ``mid`` is of its media section, None where none was named."""

    mid: str | None
    candidate: RTCIceCandidate


@frozen
class Fragment:
    """What one fragment says.

    Attributes:
        credentials: pairs of ICE user name and password that stand in it.
        candidates: those over UDP, of RTP, with a numeric address; of others nothing is said, as
            the rule for servers is.
    """

    credentials: frozenset[tuple[str, str]]
    candidates: tuple[TrickledCandidate, ...]


def parse_fragment(text: str) -> Fragment:
    """Read ``application/trickle-ice-sdpfrag``; `ValidationError` names the line that is none.

    The end of candidates is not read: whoever is behind a router may still come from an address
    that no candidate names.
    """
    for line in text.splitlines():
        if line and (line[1:2] != "=" or not line[0].isalpha()):
            msg = f"no line of SDP: {line[:64]!r}"
            raise ValidationError(msg, details={"field": "body"})
    found: list[TrickledCandidate] = []
    for section in _sections(text):
        mid = _value(section, "a=mid:")
        for line in section:
            if line.startswith("a=candidate:") and (candidate := _candidate(line)) is not None:
                found.append(TrickledCandidate(mid, candidate))
    return Fragment(ice_credentials(text), tuple(found))


def ice_credentials(sdp: str) -> frozenset[tuple[str, str]]:
    """The pairs of ICE user name and password in a session description."""
    pairs = (_credentials(section) for section in _sections(sdp))
    return frozenset(pair for pair in pairs if pair is not None)


def _sections(text: str) -> Iterator[list[str]]:
    """The session's lines, then those of each media section; what holds for the session comes
    last in each."""
    sections: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    session = [line for line in sections[0] if line.startswith("a=ice-")]
    yield sections[0]
    for section in sections[1:]:
        yield section + session


def _value(section: list[str], name: str) -> str | None:
    return next((line[len(name) :].strip() for line in section if line.startswith(name)), None)


def _credentials(section: list[str]) -> tuple[str, str] | None:
    name, password = _value(section, "a=ice-ufrag:"), _value(section, "a=ice-pwd:")
    return (name, password) if name and password else None


def _candidate(line: str) -> RTCIceCandidate | None:
    fields = line.removeprefix("a=candidate:").split()[:_FIELDS]
    if len(fields) < _FIELDS or fields[_WORD] != "typ":
        raise _no_candidate(line)
    foundation, part, transport, rank, address, number, _, kind = fields
    try:
        component, priority, port = int(part), int(rank), int(number)
    except ValueError:
        raise _no_candidate(line) from None
    if not 0 <= port <= _MAX_PORT or not 0 <= priority <= _MAX_PRIORITY:
        raise _no_candidate(line)
    usable = component == 1 and transport.lower() == "udp" and kind in _TYPES and port > 0
    if not usable or not _is_numeric(address):
        return None
    return RTCIceCandidate(
        component=component,
        foundation=foundation,
        ip=address,
        port=port,
        priority=priority,
        protocol="udp",
        type=kind,
    )


def _no_candidate(line: str) -> ValidationError:
    return ValidationError(f"no ICE candidate: {line[:64]!r}", details={"field": "body"})


def _is_numeric(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        # A name: a stranger's text must cause no look-ups.
        return False
    return True
