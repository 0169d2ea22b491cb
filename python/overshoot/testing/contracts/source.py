"""What `overshoot.ports.source.Source` promises, sentence by sentence; run on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from overshoot.errors import SourceError

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.ports.source import Source

MakeSource: TypeAlias = "Callable[[], tuple[Source, int | None]]"
PATIENCE_SECONDS = 20.0


@contextmanager
def opened(source: Source) -> Generator[Source]:
    source.open()
    try:
        yield source
    finally:
        source.close()


def threads() -> set[threading.Thread]:
    """The threads of this process, but for those of a web server that a test has set up."""
    return {each for each in threading.enumerate() if "process_request" not in each.name}


def read_up_to(source: Source, count: int) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < count and (frame := source.read()) is not None:
        frames.append(frame)
    return frames


class SourceContract:
    """Subclass it and give `make_source`.

    ``first_time`` is the timestamp of the first frame, where it is not the beginning.
    """

    first_time: float = 0.0

    @pytest.fixture
    def make_source(self) -> MakeSource:
        """Makes a fresh source and says how many frames it has (at least 4); None for no end."""
        raise NotImplementedError

    def test_it_says_what_it_is(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        info = source.open()
        try:
            frame = source.read()
            assert frame is not None
            if info.width:
                assert (frame.width, frame.height) == (info.width, info.height)
            else:
                assert info.height == 0  # Each frame may have a size of its own.
            assert info.fps >= 0
            assert isinstance(info.live, bool)
            assert isinstance(info.real_time, bool)
            assert info.playback_speed > 0
        finally:
            source.close()

    def test_every_frame_comes_in_order_without_gaps(self, make_source: MakeSource) -> None:
        source, count = make_source()
        with opened(source):
            frames = read_up_to(source, 10 if count is None else count + 1)
        assert len(frames) == (10 if count is None else count)
        assert [frame.index for frame in frames] == list(range(len(frames)))

    def test_timestamps_start_where_they_should_and_rise_strictly(
        self, make_source: MakeSource
    ) -> None:
        source, _ = make_source()
        with opened(source):
            times = [frame.timestamp for frame in read_up_to(source, 10)]
        assert abs(times[0] - self.first_time) < 0.1
        assert all(later > earlier for earlier, later in pairwise(times))

    def test_frames_are_bgr_pictures_of_8_bits(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        with opened(source):
            for frame in read_up_to(source, 3):
                assert frame.order == "bgr"
                assert frame.pixels.dtype == np.uint8
                assert frame.pixels.ndim == 3
                assert frame.pixels.shape[2] == 3

    def test_each_frame_is_an_array_of_the_callers_own(self, make_source: MakeSource) -> None:
        untouched, _ = make_source()
        scribbled, _ = make_source()
        with opened(untouched), opened(scribbled):
            for expected in read_up_to(untouched, 4):
                frame = scribbled.read()
                assert frame is not None
                kept = frame.pixels.copy()
                np.testing.assert_array_equal(kept, expected.pixels)
                frame.pixels[:] = 255 - frame.pixels  # Must not show in later frames.

    def test_after_the_end_it_stays_at_the_end(self, make_source: MakeSource) -> None:
        source, count = make_source()
        if count is None:
            pytest.skip("a source without an end")
        with opened(source):
            read_up_to(source, count)
            assert [source.read() for _ in range(3)] == [None, None, None]

    def test_a_second_open_is_refused(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        with opened(source):
            with pytest.raises(SourceError, match="opened before"):
                source.open()
            assert source.read() is not None

    def test_reading_before_open_is_refused(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        with pytest.raises(SourceError, match="not open"):
            source.read()
        source.close()

    def test_reading_after_close_is_refused(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        with opened(source):
            source.read()
        with pytest.raises(SourceError, match="closed"):
            source.read()

    def test_opening_after_close_is_refused(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        source.close()
        with pytest.raises(SourceError):
            source.open()

    def test_a_second_close_does_nothing(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        with opened(source):
            source.read()
        source.close()
        source.close()

    def test_interrupt_ends_reading_for_good(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        with opened(source):
            assert source.read() is not None
            source.interrupt()
            source.interrupt()
            assert [source.read() for _ in range(3)] == [None, None, None]

    def test_interrupt_before_open_counts(self, make_source: MakeSource) -> None:
        source, _ = make_source()
        source.interrupt()
        with opened(source):
            assert source.read() is None

    def test_interrupt_from_another_thread_ends_a_reading_loop(
        self, make_source: MakeSource
    ) -> None:
        source, _ = make_source()
        first_read = threading.Event()

        def read_all() -> None:
            while source.read() is not None:
                first_read.set()

        with opened(source):
            reader = threading.Thread(target=read_all)
            reader.start()
            assert first_read.wait(PATIENCE_SECONDS)
            source.interrupt()
            reader.join(PATIENCE_SECONDS)
            assert not reader.is_alive()

    def test_close_leaves_no_thread(self, make_source: MakeSource) -> None:
        before = threads()
        source, _ = make_source()
        with opened(source):
            source.read()
        assert threads() <= before

    def test_close_without_reading_leaves_no_thread(self, make_source: MakeSource) -> None:
        before = threads()
        source, _ = make_source()
        with opened(source):
            pass
        assert threads() <= before
