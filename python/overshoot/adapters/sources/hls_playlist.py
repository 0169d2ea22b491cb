"""HLS playlists (RFC 8216) rewritten, so that FFmpeg fetches nothing by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final
from urllib.parse import urljoin

from attrs import frozen

TALLEST: Final = 1080
"""Most rows of a variant that is chosen where there is a choice: more is not sent anyway."""

_URI: Final = re.compile(r'URI="([^"]*)"')
_VARIANT: Final = "#EXT-X-STREAM-INF:"
_OTHER_RENDITIONS: Final = ("#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:", "#EXT-X-SESSION-")
_RESOLUTION: Final = re.compile(r"[:,]RESOLUTION=\d+x(\d+)")
_BANDWIDTH: Final = re.compile(r"[:,]BANDWIDTH=(\d+)")


@frozen
class _Variant:
    tag: str
    address: str

    @property
    def rows(self) -> int:
        found = _RESOLUTION.search(self.tag)
        return int(found[1]) if found else 0

    @property
    def bandwidth(self) -> int:
        found = _BANDWIDTH.search(self.tag)
        return int(found[1]) if found else 0


def rewritten(playlist: str, base_url: str, place: Callable[[str, bool], str]) -> str:
    """The playlist with every address in it replaced.

    Of several variants of a video one is kept, for FFmpeg would fetch them all: the one with most
    bits among those of at most `TALLEST` rows. Sound and subtitles of their own are left out.

    Args:
        playlist: text that begins with ``#EXTM3U``.
        base_url: where it was found; addresses in it may be relative to that.
        place: gives the replacement of an absolute address; the second argument says whether it is
            that of another playlist.
    """
    lines = [line.strip() for line in playlist.splitlines()]
    variants = [
        _Variant(line, address)
        for line, address in pairwise(lines)
        if line.startswith(_VARIANT) and address and not address.startswith("#")
    ]
    if variants:
        best = _best(variants)
        address = place(urljoin(base_url, best.address), True)
        return f"#EXTM3U\n{_without_groups(best.tag)}\n{address}\n"

    def absolute(found: re.Match[str]) -> str:
        return f'URI="{place(urljoin(base_url, found[1]), False)}"'

    result: list[str] = []
    for line in lines:
        if line.startswith("#"):
            if not line.startswith(_OTHER_RENDITIONS):
                result.append(_URI.sub(absolute, line))
        elif line:
            result.append(place(urljoin(base_url, line), False))
    return "\n".join(result) + "\n"


def _best(variants: list[_Variant]) -> _Variant:
    fitting = [variant for variant in variants if variant.rows <= TALLEST]
    if fitting:
        return max(fitting, key=lambda variant: variant.bandwidth)
    return min(variants, key=lambda variant: variant.rows)


def _without_groups(tag: str) -> str:
    """Without the names of renditions that are left out."""
    return re.sub(r',?(AUDIO|SUBTITLES|VIDEO|CLOSED-CAPTIONS)=("[^"]*"|NONE)', "", tag)
