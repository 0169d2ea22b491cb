"""The scene's truth after the encoders that WebRTC uses, at the bit rates they start from."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

from overshoot.adapters.sources.synthetic import ScenePainter
from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FPS = 15
FRAMES = 30
ENCODERS = {
    "libvpx": ("vp8", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "libx264": ("h264", {"preset": "ultrafast", "tune": "zerolatency"}),
}


def through(
    encoder: str, scene: Scene, first: int, bit_rate: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Frames of the scene from ``first`` on after an encoder and its decoder."""
    codec, options = ENCODERS[encoder]
    encoding = av.CodecContext.create(encoder, "w")
    assert isinstance(encoding, av.VideoCodecContext)
    encoding.width, encoding.height, encoding.pix_fmt = scene.width, scene.height, "yuv420p"
    encoding.time_base, encoding.framerate = Fraction(1, FPS), Fraction(FPS)
    encoding.bit_rate, encoding.gop_size, encoding.options = bit_rate, 3000, options
    decoding = av.CodecContext.create(codec, "r")
    assert isinstance(decoding, av.VideoCodecContext)
    painter = ScenePainter(scene)
    number = 0
    for index in range(first, first + FRAMES + 1):
        frame = None
        if index < first + FRAMES:
            frame = av.VideoFrame.from_ndarray(painter.paint(scene.at(index)), format="bgr24")
            frame.pts, frame.time_base = index - first, Fraction(1, FPS)
        for packet in encoding.encode(frame):
            for decoded in decoding.decode(packet):
                yield first + number, np.asarray(decoded.to_ndarray(format="bgr24"), dtype=np.uint8)
                number += 1


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(
    ("size", "first"), [((640, 480), 20), ((640, 480), 195), ((160, 120), 0), ((1280, 720), 0)]
)
def test_number_and_text_are_read_after_the_encoder(
    encoder: str, size: tuple[int, int], first: int
) -> None:
    scene = Scene(*size, fps=FPS, seed=7)
    seen = [
        (
            index,
            read_frame_number(picture),
            read_frame_number(
                cv2.resize(picture, (480, 270), interpolation=cv2.INTER_AREA).astype(np.uint8)
            ),
            picture,
        )
        for index, picture in through(encoder, scene, first, 250_000)
    ]
    assert len(seen) >= FRAMES - 1
    assert [whole for _, whole, _, _ in seen] == [index for index, _, _, _ in seen]
    assert [small for _, _, small, _ in seen] == [index for index, _, _, _ in seen]
    if size[1] >= 240:
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(seen[-1][3])
        assert text == scene.qr_text


def test_a_mixture_of_two_frames_is_not_read_as_either_wrongly() -> None:
    scene = Scene()
    painter = ScenePainter(scene)
    for index in range(100, 140):
        one, other = painter.paint(scene.at(index)), painter.paint(scene.at(index + 9))
        for split in range(0, scene.width, 31):
            mixed = one.copy()
            mixed[:, split:] = other[:, split:]
            assert read_frame_number(mixed) in (None, index, index + 9)
