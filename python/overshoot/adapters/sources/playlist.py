"""Telling playlists from videos: a playlist makes FFmpeg open whatever its lines name."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 4096
"""How much of the beginning is enough to tell."""

HLS: Final = "an HLS playlist (m3u8)"

_BEGINNINGS: Final = {
    b"#extm3u": HLS,
    b"#extinf": "a playlist (m3u)",
    b"ffconcat": "an FFmpeg concat list",
    b"v=0": "a session description (SDP)",
    b"[playlist]": "a playlist (pls)",
    b"<asx": "a playlist (asx)",
    b"<smil": "a playlist (smil)",
    b"<mpd": "a DASH manifest (mpd)",
}


def playlist_kind(head: bytes) -> str | None:
    """Which kind of playlist begins with these bytes, or None."""
    text = head[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginning, kind in _BEGINNINGS.items():
        if text.startswith(beginning):
            return kind
    if text.startswith((b"<?xml", b"<!--")) and b"<mpd" in text:
        return _BEGINNINGS[b"<mpd"]
    return None
