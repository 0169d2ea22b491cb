"""Network sources, against servers of the test's own on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import cv2
import pytest

from adapters.sources.made_videos import (
    Answer,
    numbered_picture,
    send_bytes,
    web_server,
    write_video,
)
from adapters.sources.rtsp_camera import rtsp_camera
from overshoot.adapters.sources.url import OPEN_SECONDS, OpenCvUrl
from overshoot.adapters.sources.web_address import reach, shown
from overshoot.domain.source import UrlSource
from overshoot.errors import SourceError
from overshoot.testing.contracts.source import (
    PATIENCE_SECONDS,
    MakeSource,
    SourceContract,
    opened,
    read_up_to,
    threads,
)

BOUNDARY = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"


class MotionJpeg:
    """Answers like a network camera: pictures without end, or ``pictures`` and then silence."""

    def __init__(self, pictures: int | None = None, *, hang: bool = False) -> None:
        self.pictures = pictures
        self.hang = hang
        self.silent = threading.Event()
        self.stop = threading.Event()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        request.end_headers()
        number = 0
        while not self.stop.is_set() and (self.pictures is None or number < self.pictures):
            _, jpeg = cv2.imencode(".jpg", numbered_picture(number))
            request.wfile.write(BOUNDARY % (len(jpeg), jpeg.tobytes()))
            number += 1
            self.stop.wait(0.005)
        self.silent.set()
        if self.hang:
            self.stop.wait(PATIENCE_SECONDS)


@contextmanager
def camera_server(camera: MotionJpeg) -> Iterator[str]:
    with web_server(camera) as url:
        try:
            yield url
        finally:
            camera.stop.set()


@contextmanager
def tcp_server(reply: bytes | None) -> Iterator[int]:
    """Accepts connections on loopback and says ``reply``, or nothing at all; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        stop = threading.Event()

        def serve() -> None:
            connections: list[socket.socket] = []
            while not stop.is_set():
                try:
                    connections.append(listening.accept()[0])
                except TimeoutError:
                    continue
                if reply is not None:
                    connections[-1].sendall(reply)
            for connection in connections:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            thread.join()


class TestOpenCvUrlOfAFile(SourceContract):
    @pytest.fixture
    def make_source(self, video: Path) -> Iterator[MakeSource]:
        with web_server(send_bytes(video.read_bytes())) as url:
            yield lambda: (OpenCvUrl(UrlSource(f"{url}/film.mp4")), 8)


class TestOpenCvUrlOfACamera(SourceContract):
    @pytest.fixture
    def make_source(self) -> Iterator[MakeSource]:
        with camera_server(MotionJpeg()) as url:
            yield lambda: (OpenCvUrl(UrlSource(f"{url}/live")), None)


class TestOpenCvUrlOfAnRtspCamera(SourceContract):
    @pytest.fixture
    def make_source(self) -> Iterator[MakeSource]:
        with rtsp_camera() as url:
            yield lambda: (OpenCvUrl(UrlSource(url)), None)


def test_rtsp_is_live() -> None:
    with rtsp_camera() as url:
        source = OpenCvUrl(UrlSource(url))
        assert source.open().live
        source.close()


def why_not(url: str, open_seconds: float = OPEN_SECONDS) -> str:
    before = threads()
    source = OpenCvUrl(UrlSource(url), open_seconds)
    with pytest.raises(SourceError) as caught:
        source.open()
    source.close()
    assert threads() <= before
    return str(caught.value)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def says(status: int, *headers: tuple[str, str]) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def test_a_file_has_its_own_times_and_a_camera_does_not(video: Path) -> None:
    with web_server(send_bytes(video.read_bytes())) as url:
        source = OpenCvUrl(UrlSource(url))
        assert not source.open().live
        times = [frame.timestamp for frame in read_up_to(source, 10)]
        source.close()
    assert times == pytest.approx([n / 10 for n in range(8)])
    with camera_server(MotionJpeg()) as url:
        source = OpenCvUrl(UrlSource(url))
        assert source.open().live
        source.close()


def test_a_camera_that_hangs_up_is_an_error_after_its_good_frames() -> None:
    with camera_server(MotionJpeg(pictures=12)) as url:
        with opened(OpenCvUrl(UrlSource(url, reconnect_seconds=0))) as source:
            read = [source.read() for _ in range(8)]
            assert all(read)
            with pytest.raises(SourceError, match="ended or was cut"):
                read_up_to(source, 20)


def test_a_camera_that_falls_silent_is_an_error() -> None:
    with camera_server(MotionJpeg(pictures=12, hang=True)) as url:
        source = OpenCvUrl(UrlSource(url, reconnect_seconds=0), read_seconds=0.3)
        with opened(source), pytest.raises(SourceError, match="ended or was cut"):
            read_up_to(source, 20)


def test_interrupt_ends_a_read_that_waits_for_the_network() -> None:
    camera = MotionJpeg(pictures=12, hang=True)
    results: list[int] = []
    with camera_server(camera) as url:
        source = OpenCvUrl(UrlSource(url), read_seconds=PATIENCE_SECONDS)
        with opened(source):
            reader = threading.Thread(target=lambda: results.append(len(read_up_to(source, 20))))
            reader.start()
            assert camera.silent.wait(PATIENCE_SECONDS)
            source.interrupt()
            reader.join(PATIENCE_SECONDS)
            assert not reader.is_alive()
            camera.stop.set()
    assert results[0] < 20


def test_a_film_that_is_cut_is_an_error(tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mkv", [100 * n for n in range(60)], width=320, height=240)
    data = film.read_bytes()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[: len(data) // 2])

    with (
        web_server(answer) as url,
        opened(OpenCvUrl(UrlSource(url, reconnect_seconds=0))) as source,
        pytest.raises(SourceError, match=r"was cut after \d\.\d of 5.9 s"),
    ):
        read_up_to(source, 100)


def test_a_film_of_varying_pace_ends_without_an_error(tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mkv", [0, 40, 80, 1500, 1540, 3000, 5000])
    with web_server(send_bytes(film.read_bytes())) as url:
        source = OpenCvUrl(UrlSource(url))
        info = source.open()
        frames = read_up_to(source, 100)
        source.close()
    assert info.fps == 0.0  # The file says 1000.
    assert not info.live
    assert [frame.timestamp for frame in frames] == pytest.approx(
        [0, 0.04, 0.08, 1.5, 1.54, 3, 5], abs=2e-3
    )


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
def test_a_refused_connection_is_one_error_without_the_password(scheme: str) -> None:
    why = why_not(f"{scheme}://user:secret@127.0.0.1:{closed_port()}/live?token=hidden")
    assert "refused the connection" in why
    assert "secret" not in why
    assert "user" not in why
    assert "hidden" not in why


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_an_unknown_host_is_an_error(scheme: str) -> None:
    assert "host name" in why_not(f"{scheme}://camera.invalid/live")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "nothing at this path"),
        (401, "user name and password"),
        (403, "does not allow"),
        (500, "500"),
        (599, "599"),
        (204, "204"),
    ],
)
def test_what_the_server_says_is_said(status: int, reason: str) -> None:
    with web_server(says(status)) as url:
        assert reason in why_not(f"{url}/film.mp4")


def test_user_and_password_are_sent(video: Path) -> None:
    asked: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers.get("Authorization"))
        if asked[-1] is None:
            says(401, ("WWW-Authenticate", 'Basic realm="camera"'))(request)
        else:
            send_bytes(video.read_bytes())(request)

    with web_server(answer) as url:
        secret = url.replace("http://", "http://user:p%40ss@")
        with opened(OpenCvUrl(UrlSource(f"{secret}/film.mp4"))) as source:
            assert source.read() is not None
    assert asked[0] == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize(
    "body",
    [b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsegment.ts\n", b"ffconcat version 1.0\n"],
)
def test_a_playlist_is_not_followed(body: bytes) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        send_bytes(body, "application/octet-stream")(request)

    with web_server(answer) as url:
        assert "not followed" in why_not(f"{url}/film.mp4")
    assert asked == ["/film.mp4"]


def test_a_server_that_turns_into_a_playlist_reaches_nothing(video: Path) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/secret.ts\n#EXT-X-ENDLIST\n"
        first = len(asked) == 1
        send_bytes(video.read_bytes() if first else playlist, "video/mp4")(request)

    with web_server(answer) as url:
        assert "no video that can be decoded" in why_not(f"{url}/film.m3u8")
    assert set(asked) == {"/film.m3u8"}


def test_a_server_that_turns_into_a_redirect_is_not_followed(video: Path) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        if len(asked) == 1 or request.path == "/inside":
            send_bytes(video.read_bytes())(request)
        else:
            says(302, ("Location", "/inside"))(request)

    with web_server(answer) as url:
        assert "no video that can be decoded" in why_not(f"{url}/film.mp4")
    assert set(asked) == {"/film.mp4"}


def test_a_web_page_is_named_as_one() -> None:
    with web_server(send_bytes(b"<!doctype html>", "text/html; charset=utf-8")) as url:
        assert "web page" in why_not(url)


def test_what_is_not_a_video_is_refused() -> None:
    with web_server(send_bytes(b"some text", "text/plain")) as url:
        assert "no video that can be decoded" in why_not(url)


def test_a_redirect_is_followed(video: Path) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/old":
            says(302, ("Location", "/new"))(request)
        else:
            send_bytes(video.read_bytes())(request)

    with web_server(answer) as url, opened(OpenCvUrl(UrlSource(f"{url}/old"))) as source:
        assert len(read_up_to(source, 20)) == 8


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/round", "redirected more than"),
        ("file:///etc/passwd", "address"),
        ("rtsp://x/", "not fo"),
    ],
)
def test_a_redirect_that_leads_astray_is_not_followed(place: str, reason: str) -> None:
    with web_server(says(302, ("Location", place))) as url:
        assert reason in why_not(url)


def test_a_redirect_into_a_private_network_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = socket.getaddrinfo

    def public(host: str | None, *args: object, **options: object) -> object:
        # The server's own name stands for one that is public.
        if host == "public.test":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 0))]
        return known(host, *args, **options)  # type: ignore[arg-type]  # passes on what it gets

    with web_server(says(302, ("Location", "http://169.254.169.254/latest/"))) as url:
        port = int(url.rpartition(":")[2])
        connect = socket.create_connection

        def to_the_server(address: object, *args: object, **options: object) -> socket.socket:
            return connect(("127.0.0.1", port))

        monkeypatch.setattr(socket, "getaddrinfo", public)
        monkeypatch.setattr("http.client.socket.create_connection", to_the_server)
        with pytest.raises(SourceError, match="private network"):
            reach("http://public.test/film.mp4", 1.0)


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
def test_a_server_that_says_nothing_is_given_up(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overshoot.adapters.sources.connection.REACH_SECONDS", 0.2)
    with tcp_server(None) as port:
        why = why_not(f"{scheme}://127.0.0.1:{port}/live", open_seconds=0.3)
    assert "did not answer" in why or "no video that can be decoded" in why


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
def test_a_server_that_talks_rubbish_is_given_up(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overshoot.adapters.sources.connection.REACH_SECONDS", 0.5)
    with tcp_server(b"\x00\xff rubbish\r\n\r\n" * 50) as port:
        why = why_not(f"{scheme}://127.0.0.1:{port}/live", open_seconds=0.5)
    assert "cannot be reached" in why or "no video that can be decoded" in why


@pytest.mark.parametrize("url", ["http://", "http://host:port/", "http:///path", "rtsp://a b/"])
def test_a_malformed_address_is_refused(url: str) -> None:
    assert "not a usable address" in why_not(url)


def test_opening_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with web_server(send_bytes(bytes(3000))) as url:
        why_not(url.replace("http://", "http://user:secret@"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("rtsp://user:secret@10.0.0.7:554/live?x=1#y", "rtsp://10.0.0.7:554/live?…"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("http://user:secret@host:port/", "a URL"),
    ],
)
def test_urls_are_shown_without_secrets(url: str, safe: str) -> None:
    assert shown(url) == safe
