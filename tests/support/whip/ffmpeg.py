"""FFmpeg as a publisher over WHIP: its own muxer, in a process of its own.

    python ffmpeg.py URL KEY PROFILE CERTIFICATE_FOLDER

publishes numbered frames and silence until its input closes, and says ``published`` once it does.
"""

from __future__ import annotations

import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, FPS = 192, 128, 15
_RATE = 48_000
_CHUNK = 960


def has_muxer() -> bool:
    """Whether the FFmpeg in PyAV has it: from FFmpeg 8 on."""
    import av

    return "whip" in av.formats_available


def start(url: str, key: str, folder: Path, *, profile: str = "high") -> subprocess.Popen[str]:
    """A publisher in another process; ``folder`` is where its certificate goes."""
    make_certificate(folder)
    command = [sys.executable, __file__, url, key, profile, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def make_certificate(folder: Path) -> None:
    """Left to itself, an FFmpeg that is built on GnuTLS takes a curve that OpenSSL does not."""
    from aiortc import RTCCertificate
    from cryptography.hazmat.primitives import serialization

    made: Any = RTCCertificate.generateCertificate()
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made._cert.public_bytes(pem))
    key = made._key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(key)


def main(url: str, key: str, profile: str, folder: str) -> None:
    """Publish until the input closes."""
    import av
    import numpy as np

    options = {
        "authorization": key,
        "cert_file": f"{folder}/certificate.pem",
        "key_file": f"{folder}/key.pem",
    }
    output: Any = av.open(url, "w", format="whip", options=options)
    tuned = {"profile": profile, "tune": "zerolatency", "preset": "ultrafast", "bf": "0"}
    video = output.add_stream("libx264", rate=FPS, options=tuned)
    video.width, video.height, video.pix_fmt, video.gop_size = WIDTH, HEIGHT, "yuv420p", FPS
    sound = output.add_stream("libopus", rate=_RATE, layout="stereo")
    silence = np.zeros((1, _CHUNK * 2), np.int16)
    begun, number, heard = time.monotonic(), 0, 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        luma = np.full((HEIGHT, WIDTH), 30 + 20 * (number % 8), np.uint8)
        chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")
        frame.pts = number
        output.mux(video.encode(frame))
        while heard / _RATE < number / FPS:
            chunk = av.AudioFrame.from_ndarray(silence, format="s16", layout="stereo")
            chunk.sample_rate, chunk.pts = _RATE, heard
            output.mux(sound.encode(chunk))
            heard += _CHUNK
        if number == 0:
            print("published", flush=True)
        number += 1
        time.sleep(max(0.0, begun + number / FPS - time.monotonic()))
    output.close()
    print("closed", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
