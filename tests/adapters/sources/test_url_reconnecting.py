"""Streams that are lost and come back, on a clock that the tests move."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.sources.made_videos import send_bytes, web_server, write_video
from adapters.sources.test_url import MotionJpeg, camera_server, tcp_server
from overshoot.adapters.sources.url import OpenCvUrl
from overshoot.domain.source import UrlSource
from overshoot.errors import SourceError
from overshoot.ports.source import SelfMending, SourceEvent
from overshoot.testing.contracts.source import PATIENCE_SECONDS, opened, read_up_to, threads


class Waiting:
    """Takes the place of waiting: time passes at once, and what happens meanwhile is a test's."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.interrupted_in: int | None = None
        self.then: Callable[[], object] = list

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        self.then()
        return len(self.waits) == self.interrupted_in

    def clock(self) -> float:
        return self.now


def source_of(url: str, waiting: Waiting, **how: float) -> tuple[OpenCvUrl, list[SourceEvent]]:
    spec = UrlSource(url, **how)  # type: ignore[arg-type]  # only numbers are given here
    source = OpenCvUrl(spec, wait=waiting.wait, clock=waiting.clock)
    events: list[SourceEvent] = []
    source.on_event = events.append
    return source, events


def test_it_says_that_it_mends_itself() -> None:
    assert isinstance(OpenCvUrl(UrlSource("rtsp://camera/live")), SelfMending)


def test_a_camera_that_hangs_up_is_read_again_and_time_goes_on() -> None:
    before = threads()
    with camera_server(MotionJpeg(pictures=12)) as url:
        source, events = source_of(url, Waiting())
        with opened(source):
            frames = read_up_to(source, 30)
    assert [frame.index for frame in frames] == list(range(30))
    assert all(one.timestamp < later.timestamp for one, later in pairwise(frames))
    assert [event.kind for event in events] == ["lost", "retrying", "restored"] * 2
    assert [event.attempt for event in events[:3]] == [0, 1, 1]
    assert "ended or was cut after 12 frames" in events[0].message
    assert threads() <= before


def test_the_pauses_grow_and_there_is_a_limit() -> None:
    waiting = Waiting()
    camera = MotionJpeg(pictures=12)
    with camera_server(camera) as url:
        source, events = source_of(f"{url}/live?token=hidden", waiting, reconnect_seconds=30)
        source.open()
        read_up_to(source, 12)
    with pytest.raises(SourceError, match="6 attempts to open it again within 30 s") as caught:
        source.read()
    source.close()
    assert waiting.waits == [0.5, 1, 2, 4, 8, 8]
    assert [event.wait_seconds for event in events if event.kind == "retrying"] == waiting.waits
    assert "refused the connection" in caught.value.message
    shown = [caught.value.message, *(event.message for event in events)]
    assert not any("hidden" in message for message in shown)


def test_the_pauses_start_anew_when_it_was_back() -> None:
    waiting = Waiting()
    answers = iter([None, 503, 503, None, 503, None])
    camera = MotionJpeg(pictures=12)

    def answer(request: BaseHTTPRequestHandler) -> None:
        # Each opening asks twice: once to look, once by FFmpeg.
        if request.headers.get("User-Agent") == "overshoot":
            answer.status = next(answers, None)  # type: ignore[attr-defined]
        if answer.status is None:  # type: ignore[attr-defined]
            camera(request)
        else:
            request.send_error(answer.status)  # type: ignore[attr-defined]

    with web_server(answer) as url:
        source, events = source_of(url, waiting)
        with opened(source):
            assert len(read_up_to(source, 30)) == 30
        camera.stop.set()
    assert waiting.waits == [0.5, 1, 2, 0.5, 1]
    assert [event.kind for event in events].count("restored") == 2


def test_an_interrupt_ends_the_waiting_at_once() -> None:
    waiting = Waiting()
    waiting.interrupted_in = 2
    with camera_server(MotionJpeg(pictures=12)) as url:
        source, _ = source_of(url, waiting)
        source.open()
        read_up_to(source, 12)
    assert [source.read(), source.read()] == [None, None]
    source.close()
    assert waiting.waits == [0.5, 1]


def test_the_real_wait_is_ended_by_an_interrupt() -> None:
    lost = threading.Event()
    with camera_server(MotionJpeg(pictures=12)) as url:
        source = OpenCvUrl(UrlSource(url, reconnect_seconds=3600))
        source.on_event = lambda event: lost.set() if event.attempt == 5 else None
        source.open()
        read_up_to(source, 12)
    real_wait = source._wait
    source._wait = lambda seconds: seconds >= 8 and real_wait(PATIENCE_SECONDS * 100)
    reader = threading.Thread(target=source.read)
    reader.start()
    assert lost.wait(PATIENCE_SECONDS)
    source.interrupt()
    reader.join(PATIENCE_SECONDS)
    assert not reader.is_alive()
    source.close()


def test_an_interrupt_ends_an_attempt_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with tcp_server(None) as silent_port, camera_server(MotionJpeg(pictures=12)) as url:
        waiting = Waiting()
        source, _ = source_of(url, waiting)
        source.open()
        read_up_to(source, 12)
        monkeypatch.setattr("overshoot.adapters.sources.connection.REACH_SECONDS", 0.5)
        source._connector._url = f"http://127.0.0.1:{silent_port}/"
        waiting.then = lambda: threading.Timer(0.05, source.interrupt).start()
        assert source.read() is None
        assert waiting.waits == [0.5]
        source.close()


def test_a_film_that_was_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    times = [100 * number for number in range(60)]
    film = write_video(tmp_path / "film.mkv", times, width=320, height=240)
    data = film.read_bytes()
    whole = send_bytes(data)
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        if len(asked) > 2:
            whole(request)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[: len(data) // 2])

    with web_server(answer) as url:
        source, events = source_of(url, Waiting())
        with opened(source):
            frames = read_up_to(source, 100)
    assert [frame.timestamp for frame in frames] == pytest.approx([n / 10 for n in range(60)])
    assert [event.kind for event in events] == ["lost", "retrying", "restored"]


def test_a_film_that_is_always_cut_is_an_error_in_the_end(tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mkv", [100 * n for n in range(60)], width=320, height=240)
    data = film.read_bytes()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[: len(data) // 2])

    waiting = Waiting()
    with web_server(answer) as url:
        source, _ = source_of(url, waiting, reconnect_seconds=4)
        with (
            opened(source),
            pytest.raises(SourceError, match=r"was cut after \d\.\d of 5.9 s; 3 at"),
        ):
            read_up_to(source, 100)
    assert waiting.waits == [0.5, 1, 2]


def test_opening_does_not_try_again() -> None:
    waiting = Waiting()
    with camera_server(MotionJpeg()) as url:
        pass
    source, events = source_of(url, waiting)
    with pytest.raises(SourceError, match="refused the connection"):
        source.open()
    source.close()
    assert (waiting.waits, events) == ([], [])
