"""What `overshoot.ports.evidence.ClipRecorder` promises, sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from overshoot.domain.evidence import Stretch
from overshoot.domain.frame import Frame
from overshoot.errors import StoreError
from overshoot.ports.evidence import ClipRecorder
from overshoot.testing.films import film, levels

MakeRecorder: TypeAlias = Callable[[], ClipRecorder]


class ClipRecorderContract:
    """Subclass it and give `make_recorder`: a patient one, of at least 10 pictures a second."""

    @pytest.fixture
    def make_recorder(self) -> MakeRecorder:
        raise NotImplementedError

    @pytest.fixture
    def recorder(self, make_recorder: MakeRecorder) -> Iterator[ClipRecorder]:
        made = make_recorder()
        made.start()
        yield made
        made.close()

    def test_a_clip_shows_each_picture_at_its_time(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        for frame in film(6):
            recorder.frame(frame)
        facts = recorder.cut(Stretch(2.4, 4.0), 3.0, tmp_path / "a.mp4", None)
        shown = levels(tmp_path / "a.mp4")
        assert facts.start <= 2.4
        assert (facts.wanted_start, facts.wanted_end) == (2.4, 4.0)
        assert facts.pictures == len(shown)
        # What happened at t is at t - start in the file.
        assert [round(facts.start + time, 3) for time, _ in shown] == [
            index / 10 for _, index in shown
        ]
        assert shown[-1][1] == 40
        assert facts.end == pytest.approx(4.1)

    def test_clips_may_overlap_and_time_may_begin_anywhere(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        for frame in film(6, start=3600.0):
            recorder.frame(frame)
        for name in ("a.mp4", "b.mp4"):
            facts = recorder.cut(Stretch(3601.0, 3603.0), 3602.0, tmp_path / name, None)
            assert facts.start <= 3601.0
        assert levels(tmp_path / "a.mp4") == levels(tmp_path / "b.mp4")

    def test_the_picture_shows_the_time_that_was_asked_for(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        for frame in film(6):
            recorder.frame(frame)
        for at in (2.0, 3.5, 4.0):
            thumbnail = tmp_path / f"{at}.jpg"
            recorder.cut(Stretch(2.0, 4.0), at, tmp_path / f"{at}.mp4", thumbnail)
            assert levels(thumbnail)[0][1] == round(at * 10)

    def test_pixels_are_read_before_it_returns(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        buffer = np.empty((48, 64, 3), np.uint8)
        for frame in film(2):
            buffer[:] = frame.pixels
            recorder.frame(Frame(buffer, frame.timestamp, frame.index))
        buffer[:] = 255
        recorder.cut(Stretch(0.0, 2.0), 1.0, tmp_path / "a.mp4", None)
        assert [index for _, index in levels(tmp_path / "a.mp4")] == list(range(20))

    def test_a_frame_that_does_not_rise_is_left_out(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        given = film(2)
        for frame in (*given[:10], given[3], *given[10:]):
            recorder.frame(frame)
        recorder.cut(Stretch(0.0, 2.0), 1.0, tmp_path / "a.mp4", None)
        assert [index for _, index in levels(tmp_path / "a.mp4")] == list(range(20))

    def test_a_turned_picture_begins_another_clip(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        for frame in (*film(2), *film(2, start=2.0, size=(48, 64))):
            recorder.frame(frame)
        wide = recorder.cut(Stretch(0.0, 4.0), 1.0, tmp_path / "wide.mp4", None)
        tall = recorder.cut(Stretch(0.0, 4.0), 3.0, tmp_path / "tall.mp4", None)
        assert (wide.width, wide.height, wide.start) == (64, 48, 0.0)
        assert (tall.width, tall.height, tall.start) == (48, 64, 2.0)
        assert [index for _, index in levels(tmp_path / "tall.mp4")] == list(range(20, 40))

    def test_what_is_not_there_is_an_error(self, recorder: ClipRecorder, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="no picture yet"):
            recorder.cut(Stretch(0.0, 1.0), 0.5, tmp_path / "a.mp4", None)
        for frame in film(2):
            recorder.frame(frame)
        with pytest.raises(StoreError, match=r"7\.00 to 9\.00 s .* 0\.00 to 1\.90 s"):
            recorder.cut(Stretch(7.0, 9.0), 8.0, tmp_path / "a.mp4", None)

    def test_a_file_that_cannot_be_written_is_an_error(
        self, recorder: ClipRecorder, tmp_path: Path
    ) -> None:
        for frame in film(2):
            recorder.frame(frame)
        with pytest.raises(StoreError, match="No such file or directory"):
            recorder.cut(Stretch(0.0, 1.0), 0.5, tmp_path / "no" / "a.mp4", None)

    def test_before_the_start_and_after_the_end_nothing_is_taken(
        self, make_recorder: MakeRecorder, tmp_path: Path
    ) -> None:
        recorder = make_recorder()
        recorder.frame(film(1)[0])
        recorder.start()
        with pytest.raises(StoreError, match="no picture yet"):
            recorder.cut(Stretch(0.0, 1.0), 0.5, tmp_path / "a.mp4", None)
        recorder.close()
        recorder.close()
        recorder.frame(film(1)[1])
        with pytest.raises(StoreError, match="does not run"):
            recorder.cut(Stretch(0.0, 1.0), 0.5, tmp_path / "a.mp4", None)
        assert recorder.dropped == 0
