"""Answers drawn into frames: confidence bars, a timeline of actions, a status line, a note.

::

    picture = overlay.draw(frame, Overlay(bars=bars_of(result), status="12 fps"))

What is drawn in a ``frame_processor`` is sent to the model, too; for people, draw into a copy.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

from overshoot.domain.validation import a_number
from overshoot.domain.verdict import verdicts_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.client.relay_result import RelayResult
    from overshoot.domain.frame import Pixels
    from overshoot.domain.inference import InferenceResult

LEAST_SIDE: Final = 16
"""Pixels; smaller pictures are left as they are."""
_LONGEST_TEXT: Final = 200
_UNICODE_SINCE: Final = 5  # OpenCV's own fonts have had more than ASCII since then
_SHADE: Final = 0.35
_WHITE, _GREY, _GREEN, _BLUE = (245, 245, 245), (130, 130, 130), (90, 200, 80), (235, 160, 60)
_FULL_SIZE: Final = 480.0  # pixels of the shorter side at which letters have their own size


@frozen
class Bar:
    """How sure something is.

    Attributes:
        name: what.
        confidence: 0.0 to 1.0.
        seen: whether it counts as seen; what does not is drawn grey.
    """

    name: str
    confidence: float = field(validator=a_number(0.0, 1.0))
    seen: bool = True


@frozen
class Span:
    """Something that went on, or goes on.

    Attributes:
        name: what; spans of one name share a lane of the timeline.
        start: seconds.
        end: seconds; None while it goes on.
    """

    name: str
    start: float
    end: float | None = None


@frozen
class Overlay:
    """What is to be drawn.

    Attributes:
        bars: one a row, from the top left down, below the status.
        spans: the timeline, along the bottom.
        now: seconds, the right end of the timeline.
        window_seconds: how much of the past it shows.
        status: a line at the top right.
        note: lines in the middle, over everything.
    """

    bars: Sequence[Bar] = ()
    spans: Sequence[Span] = ()
    now: float = 0.0
    window_seconds: float = field(default=20.0, validator=a_number(0.0, 1e6, "s", above=True))
    status: str = ""
    note: Sequence[str] = ()


def bars_of(
    result: InferenceResult[Any] | RelayResult, *, min_confidence: float = 0.0
) -> tuple[Bar, ...]:
    """The bars of one answer: its verdicts on actions, or else what its backend detected.

    Args:
        result: an answer; one that failed, or says neither, gives no bars.
        min_confidence: what is less sure does not count as seen.
    """
    # A relay's result has the same fields.
    verdicts = verdicts_from(cast("InferenceResult[Any]", result), None).verdicts
    if verdicts:
        return tuple(
            Bar(each.action, each.confidence, each.detected and each.confidence >= min_confidence)
            for each in verdicts
        )
    return tuple(
        Bar(name, min(max(sure, 0.0), 1.0), sure >= min_confidence)
        for name, sure in result.detected.items()
    )


def draw(pixels: Pixels, overlay: Overlay) -> Pixels:
    """Draw into a picture, and return it; into a copy where it may not be written to.

    Letters and bars grow with the picture; what does not fit is left out. Text is one line each,
    cut with dots; letters that OpenCV before 5.0 has not are shown as ``?``.

    Args:
        pixels: BGR (height, width, 3) uint8.
        overlay: what to draw.
    """
    import numpy as np

    height = pixels.shape[0]
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return pixels
    if not (pixels.flags.writeable and pixels.flags.c_contiguous):
        pixels = np.array(pixels, order="C")
    pen = _Pen(pixels)
    top = pen.gap
    if overlay.status:
        pen.status(overlay.status)
        top += pen.row + pen.gap
    for bar in overlay.bars:
        if top + pen.row > height:
            break
        pen.bar(top, bar)
        top += pen.row + pen.gap
    if overlay.spans:
        pen.timeline(overlay)
    if overlay.note:
        pen.note(overlay.note)
    return pixels


class _Pen:
    """Draws into one picture, in sizes that suit it."""

    def __init__(self, pixels: Pixels) -> None:
        import cv2

        self._cv2 = cv2
        self._pixels = pixels
        self._height, self._width = pixels.shape[:2]
        self._scale = max(min(self._height, self._width) / _FULL_SIZE, 0.4)
        self._size = 0.5 * self._scale
        self._thick = max(1, round(self._scale))
        self.gap = max(1, round(6 * self._scale))
        self.row = round(22 * self._scale)

    def bar(self, top: int, bar: Bar) -> None:
        """One row: name, a bar as long as it is sure, and the share."""
        names = round(self._width * 0.3)
        length = round(self._width * 0.25)
        left, right = self.gap, min(self.gap + names + length, self._width - 1)
        self._shade(left, top, right, top + self.row)
        start = left + names
        colour = _GREEN if bar.seen else _GREY
        end = start + round((right - start) * bar.confidence)
        if end > start:
            self._fill(start, top + 1, end, top + self.row - 1, colour)
        share = f"{bar.confidence:.0%}"
        self._write(left + self.gap, top, bar.name, names - 2 * self.gap)
        self._write(start + self.gap, top, share, right - start - self.gap)

    def timeline(self, overlay: Overlay) -> None:
        """A lane for each name, the newest at the right."""
        names = list(dict.fromkeys(span.name for span in overlay.spans))
        most = max(1, self._height // 3 // self.row)
        names = names[:most]
        top = self._height - self.gap - len(names) * self.row
        left, right = self.gap, self._width - self.gap
        if top < 0 or right <= left:
            return
        self._shade(left, top, right, self._height - self.gap)
        oldest = overlay.now - overlay.window_seconds
        for span in overlay.spans:
            end = overlay.now if span.end is None else span.end
            if span.name not in names or end < oldest:
                continue
            line = top + names.index(span.name) * self.row
            share = [
                min(max((at - oldest) / overlay.window_seconds, 0.0), 1.0)
                for at in (span.start, end)
            ]
            begin, stop = (left + round((right - left) * each) for each in share)
            self._fill(begin, line + 2, max(stop, begin + 2), line + self.row - 2, _BLUE)
        for number, name in enumerate(names):
            self._write(left + self.gap, top + number * self.row, name, right - left - self.gap)

    def note(self, lines: Sequence[str]) -> None:
        """Lines in the middle."""
        lines = list(lines)[: max(1, self._height // self.row - 1)]
        wide = min(
            max(self._wide(_drawable(line)) for line in lines) + 4 * self.gap, self._width - 1
        )
        tall = len(lines) * self.row + 2 * self.gap
        left, top = (self._width - wide) // 2, max(0, (self._height - tall) // 2)
        self._shade(left, top, left + wide, top + tall)
        for number, line in enumerate(lines):
            self._write(
                left + 2 * self.gap, top + self.gap + number * self.row, line, wide - 3 * self.gap
            )

    def status(self, text: str) -> None:
        """A line on a dark ground that ends at the right."""
        right, top = self._width - self.gap, self.gap
        wide = min(self._wide(_drawable(text)) + 2 * self.gap, right - self.gap)
        left = right - wide
        self._shade(left, top, right, top + self.row)
        self._write(left + self.gap, top, text, wide - 2 * self.gap)

    def _write(self, left: int, top: int, text: str, room: int) -> None:
        line = self._fitting(_drawable(text), room)
        if not line:
            return
        at = (left, top + round(self.row * 0.72))
        font = self._cv2.FONT_HERSHEY_SIMPLEX
        line_type = self._cv2.LINE_AA
        self._cv2.putText(self._pixels, line, at, font, self._size, _WHITE, self._thick, line_type)

    def _fitting(self, text: str, room: int) -> str:
        if self._wide(text) <= room:
            return text
        least, most = 0, len(text)
        while least < most:
            middle = (least + most + 1) // 2
            if self._wide(text[:middle] + "..") <= room:
                least = middle
            else:
                most = middle - 1
        return text[:least] + ".." if least else ""

    def _wide(self, text: str) -> int:
        font = self._cv2.FONT_HERSHEY_SIMPLEX
        return int(self._cv2.getTextSize(text, font, self._size, self._thick)[0][0])

    def _shade(self, left: int, top: int, right: int, bottom: int) -> None:
        part = self._pixels[max(top, 0) : bottom, max(left, 0) : right]
        if part.size:
            part[:] = self._cv2.convertScaleAbs(part, alpha=_SHADE)

    def _fill(self, left: int, top: int, right: int, bottom: int, colour: tuple[int, ...]) -> None:
        self._pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour


def _drawable(text: str) -> str:
    """One line of what OpenCV can draw; it crashes at halves of surrogate pairs."""
    import cv2

    clean = text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
    clean = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in clean)
    if int(cv2.__version__.partition(".")[0]) >= _UNICODE_SINCE:
        return clean
    flat = unicodedata.normalize("NFKD", clean)
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    return flat.encode("ascii", "replace").decode()
