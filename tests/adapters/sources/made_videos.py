"""Videos, pictures and web servers that the tests of the sources make for themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MILLISECOND = Fraction(1, 1000)


def numbered_picture(number: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A grey picture; how bright says which."""
    return np.full((height, width, 3), 20 + number * 24 % 220, dtype=np.uint8)


def write_video(
    path: Path, times_ms: Sequence[int], *, width: int = 64, height: int = 48, codec: str = "mpeg4"
) -> Path:
    """A video with a picture at each of the given times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=1000)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = MILLISECOND
        stream.codec_context.max_b_frames = 0
        for number, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(
                numbered_picture(number, width, height), format="bgr24"
            )
            frame.pts, frame.time_base = time_ms, MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_moving(
    path: Path, times_ms: Sequence[int], *, codec: str, gop: int = 12, b_frames: int = 2
) -> Path:
    """A video whose every picture is another, with key frames ``gop`` pictures apart."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25 if path.suffix == ".avi" else 1000)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        context = stream.codec_context
        base = Fraction(1, 25) if path.suffix == ".avi" else MILLISECOND
        context.time_base, context.gop_size = base, gop
        context.max_b_frames = b_frames
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "bf": str(b_frames), "sc_threshold": "0"}
        for number, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(moving_picture(number), format="bgr24")
            frame.pts, frame.time_base = round(Fraction(time_ms, 1000) / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def moving_picture(number: int) -> NDArray[np.uint8]:
    """A bright block on noise that stays; where the block is says which picture it is."""
    picture = np.random.default_rng(5).integers(40, 90, (64, 96, 3), np.uint8)
    left, top = number * 7 % 80, number * 3 % 48
    picture[top : top + 16, left : left + 16] = (250, 240, 20 + number % 200)
    return picture


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web_server(answer: Answer) -> Iterator[str]:
    """A server on loopback that answers each GET with ``answer``; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            try:
                answer(self)
            except (BrokenPipeError, ConnectionResetError):
                return  # The client has seen enough.

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send_bytes(data: bytes, content_type: str = "video/mp4") -> Answer:
    """Answer with these bytes, or the range of them that is asked for."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        first, last = 0, len(data) - 1
        if wanted:
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(int(end), last) if end else last
        if first > last:
            request.send_error(416)
            return
        request.send_response(206 if wanted else 200)
        if wanted:
            request.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(last - first + 1))
        request.end_headers()
        request.wfile.write(data[first : last + 1])

    return answer
