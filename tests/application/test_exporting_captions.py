"""Captions: what FFmpeg reads from them is what was detected, when it was."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import pytest
from av.subtitles.subtitle import AssSubtitle
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overshoot import ConfigurationError
from overshoot.application.exporting import export
from overshoot.application.exporting.captions import SubRip, WebVtt
from overshoot.domain.action import DetectedAction
from overshoot.testing.contracts.action_format import AWKWARD_NAMES, NAMES, Counted

FORMATS = ("vtt", "srt")
WAVE = DetectedAction("waving hand", 1.5, 45, 0.92)
MARKUP = (
    "<b>bold</b>",
    "{\\an8}top",
    "{x} a\\Nb",
    "a --> b",
    "00:00:01.000 --> 00:00:02.000",
    "R&D &lt; &amp;",
    "<c.red>x</c>",
    "blank\n\nline\n2\n00:00:05,000 --> 00:00:06,000\nforged",
    "NOTE",
    "WEBVTT",
    "STYLE",
    "<",
    "->",
    "-->",
)
shown = st.lists(
    st.builds(
        DetectedAction,
        NAMES.filter(str.strip) | st.sampled_from([*AWKWARD_NAMES, *MARKUP]),
        timestamp=st.floats(0, 1e9) | st.sampled_from([0.0, 5e-324, 0.0005, 3600.0, 360_000.0]),
        frame_number=st.just(0),
        confidence=st.floats(0, 1),
        duration=st.none() | st.floats(0, 1e5),
    ),
    max_size=6,
)


def cues(path: Path) -> list[tuple[int, int, str]]:
    """Start, end (both ms) and text of each, as FFmpeg reads them."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert stream.time_base is not None
        assert stream.time_base.denominator == 1000
        return [
            (packet.pts or 0, (packet.pts or 0) + (packet.duration or 0), bytes(packet).decode())
            for packet in packets
        ]


def visible(path: Path) -> list[str]:
    """The texts that FFmpeg would draw."""
    found: list[str] = []
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        for packet in container.demux(stream):
            for each in stream.codec_context.decode2(packet) or () if packet.size else ():
                assert isinstance(each, AssSubtitle)
                text = each.ass.decode().split(",", 8)[8]
                # So FFmpeg escapes a brace and, as we do, a backslash.
                found.append(text.replace("\\{{}", "{").replace("\u2060", ""))
    return found


def written(actions: Any, path: Path, format: str, **given: Any) -> list[tuple[int, int, str]]:
    file = path / f"a.{format}"
    export(actions, file, format, **given)
    return cues(file)


def plain(format: str, text: str) -> str:
    return html.unescape(text) if format == "vtt" else text.replace("\u2060", "")


def said(action: DetectedAction, format: str) -> str:
    letters = [" " if ord(each) < 32 or 127 <= ord(each) < 160 else each for each in action.action]
    text = " ".join([*"".join(letters).split(), f"({action.confidence * 100:.0f} %)"])
    return text if format == "vtt" else text.translate(str.maketrans("{}", "()"))


def expected(action: DetectedAction, format: str) -> tuple[int, int, str]:
    start = round(action.timestamp * 1000)
    end = round((action.timestamp + (action.duration or 1.0)) * 1000)
    return start, max(end, start + 1), said(action, format)


def test_the_shape_of_webvtt(tmp_path: Path) -> None:
    export([WAVE, DetectedAction("R&D <b>", 3599.9996, 0, 1, 2.25)], tmp_path / "a", "vtt")
    assert (tmp_path / "a").read_bytes().decode() == (
        "WEBVTT\n\n"
        "1\n00:00:01.500 --> 00:00:02.500\nwaving hand (92 %)\n\n"
        "2\n01:00:00.000 --> 01:00:02.250\nR&amp;D &lt;b&gt; (100 %)\n"
    )


def test_the_shape_of_subrip(tmp_path: Path) -> None:
    export([WAVE, DetectedAction("nodding", 360_000, 0, 0.5, 2.25)], tmp_path / "a", "srt")
    assert (tmp_path / "a").read_bytes().decode() == (
        "1\n00:00:01,500 --> 00:00:02,500\nwaving hand (92 %)\n\n"
        "2\n100:00:00,000 --> 100:00:02,250\nnodding (50 %)\n\n"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_a_file_without_captions(tmp_path: Path, format: str) -> None:
    export([], tmp_path / "a", format)
    assert (tmp_path / "a").read_text() == ("WEBVTT\n" if format == "vtt" else "")


@pytest.mark.parametrize("format", FORMATS)
@settings(deadline=None)
@given(kept=shown)
@example(kept=[DetectedAction(name, 1.0, 0, 0.5) for name in (*AWKWARD_NAMES, *MARKUP)])
def test_a_player_reads_every_action_at_its_time(format: str, kept: list[DetectedAction]) -> None:
    ordered = sorted(kept, key=lambda action: action.timestamp)
    with tempfile.TemporaryDirectory() as folder:
        read = written(kept, Path(folder), format) if kept else []
    texts = [(start, end, plain(format, text)) for start, end, text in read]
    # FFmpeg leaves out a caption that is the same as the one before it.
    assert texts == [cue for cue, _ in groupby(expected(each, format) for each in ordered)]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", MARKUP)
def test_a_player_draws_names_and_takes_none_for_markup(
    tmp_path: Path, format: str, name: str
) -> None:
    action = DetectedAction(name, 1.0, 0, 0.5)
    export([action], tmp_path / "a", format)
    (drawn,) = visible(tmp_path / "a")
    assert drawn == said(action, format)


@pytest.mark.parametrize("format", FORMATS)
def test_actions_at_the_same_time_are_captions_of_their_own(tmp_path: Path, format: str) -> None:
    both = [DetectedAction("a", 1, 0, 1, 5), DetectedAction("b", 2, 0, 1, 1)]
    assert written(both, tmp_path, format) == [(1000, 6000, "a (100 %)"), (2000, 3000, "b (100 %)")]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("duration", [None, 0.0])
def test_how_long_an_action_without_duration_is_shown_can_be_said(
    tmp_path: Path, format: str, duration: float | None
) -> None:
    action = DetectedAction("a", 1, 0, 1, duration)
    assert written([action], tmp_path, format) == [(1000, 2000, "a (100 %)")]
    longer = written([action], tmp_path, format, caption_seconds=2.5)
    assert longer == [(1000, 3500, "a (100 %)")]


@pytest.mark.parametrize("seconds", [0, -1, 3601, float("nan"), "1", True])
def test_a_time_that_nothing_can_be_shown_is_refused(tmp_path: Path, seconds: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        export([WAVE], tmp_path / "a", "vtt", caption_seconds=seconds)
    assert caught.value.details["field"] == "caption_seconds"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_streamed_must_be_in_order(tmp_path: Path, format: str) -> None:
    late = DetectedAction("late", 1.0, 0, 1)
    with pytest.raises(ConfigurationError, match=r"'late' at 1.0 s comes after 1.5 s; give a list"):
        export(iter([WAVE, late]), tmp_path / "a", format)
    assert list(tmp_path.iterdir()) == []
    assert [start for start, _, _ in written((WAVE, late), tmp_path, format)] == [1000, 1500]


@pytest.mark.parametrize("format", [WebVtt(), SubRip()])
def test_a_bounded_number_is_held(format: WebVtt | SubRip, tmp_path: Path) -> None:
    def many() -> Iterator[DetectedAction]:
        for number in range(500):
            yield DetectedAction(Counted(f"wave {number}"), number, number, 0.5)

    Counted.most = 0
    with (tmp_path / "a").open("wb") as file:
        format.write(many(), file)
    assert 0 < Counted.most <= 2
