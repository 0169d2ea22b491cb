"""A small RTSP camera on loopback: H.264 in RTP, interleaved with the TCP connection (RFC 2326)."""

from __future__ import annotations

import base64
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av

from adapters.sources.made_videos import numbered_picture

FPS = 25


def h264_units() -> Iterator[tuple[int, list[bytes]]]:
    """Time in 1/90000 s and the NAL units of one picture after the other, without end."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, FPS), Fraction(FPS), 5
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    number = 0
    while True:
        frame = av.VideoFrame.from_ndarray(numbered_picture(number), format="bgr24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        for packet in encoder.encode(frame):
            units = re.split(b"\0\0\0?\1", bytes(packet))
            yield number * 90000 // FPS, [unit for unit in units if unit]
        number += 1


def description(units: list[bytes]) -> bytes:
    """SDP with the parameter sets of the first picture."""
    sets = [unit for unit in units if unit[0] & 0x1F in (7, 8)]
    sprop = ",".join(base64.b64encode(unit).decode() for unit in sets)
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
        "c=IN IP4 0.0.0.0\r\na=rtpmap:96 H264/90000\r\n"
        f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sprop}\r\na=control:track1\r\n"
    ).encode()


@contextmanager
def rtsp_camera() -> Iterator[str]:
    """Serves any number of clients; yields its URL."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                client = threading.Thread(target=_serve, args=(connection, stop))
                client.name = "process_request of the RTSP camera"
                threads.append(client)
                client.start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"rtsp://127.0.0.1:{listening.getsockname()[1]}/live"
        finally:
            stop.set()
            accepting.join()
            for thread in threads:
                thread.join()


def _serve(connection: socket.socket, stop: threading.Event) -> None:
    pictures = h264_units()
    first = next(pictures)
    with connection:
        connection.settimeout(1)
        try:
            if _handshake(connection, description(first[1])):
                _play(connection, first, pictures, stop)
        except OSError:
            return  # The client has hung up.


def _handshake(connection: socket.socket, sdp: bytes) -> bool:
    buffer = b""
    while data := connection.recv(4096):
        buffer += data
        while b"\r\n\r\n" in buffer:
            request, _, buffer = buffer.partition(b"\r\n\r\n")
            method = request.split()[0]
            found = re.search(rb"CSeq: *(\d+)", request)
            assert found is not None
            reply = b"RTSP/1.0 200 OK\r\nCSeq: " + found[1] + b"\r\nSession: 1\r\n"
            body = b""
            if method == b"OPTIONS":
                reply += b"Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == b"DESCRIBE":
                body = sdp
                reply += b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(sdp)
            elif method == b"SETUP":
                reply += b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            connection.sendall(reply + b"\r\n" + body)
            if method == b"PLAY":
                return True
    return False


def _play(
    connection: socket.socket,
    first: tuple[int, list[bytes]],
    pictures: Iterator[tuple[int, list[bytes]]],
    stop: threading.Event,
) -> None:
    sequence, picture = 0, first
    while not stop.wait(1 / FPS / 4):
        time, units = picture
        for unit in units:
            marker = 0x80 if unit is units[-1] else 0
            header = struct.pack(">BBHII", 0x80, marker | 96, sequence & 0xFFFF, time, 1)
            packet = header + unit
            connection.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
            sequence += 1
        picture = next(pictures)
