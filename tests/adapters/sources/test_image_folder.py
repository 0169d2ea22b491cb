from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overshoot.adapters.sources.image_folder import ImageFolder
from overshoot.adapters.sources.image_header import PNG, read_picture_size
from overshoot.domain.source import ImageFolderSource
from overshoot.errors import SourceError
from overshoot.testing.contracts.source import MakeSource, SourceContract, opened, read_up_to


def encoded(suffix: str, width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    picture = np.full((height, width, 3), colour, dtype=np.uint8)
    good, data = cv2.imencode(suffix, picture)
    assert good
    return data.tobytes()


def png_bomb(width: int, height: int) -> bytes:
    """A well-formed header that promises far more than there is."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def turned(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF orientation."""
    tiff = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.png").write_bytes(encoded(".png", 60, 40, GREEN))
    (tmp_path / "a.jpg").write_bytes(encoded(".jpg", 64, 48, RED))
    (tmp_path / "c.BMP").write_bytes(encoded(".bmp", 20, 40, BLUE))
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


class TestImageFolder(SourceContract):
    @pytest.fixture
    def make_source(self, folder: Path) -> MakeSource:
        spec = ImageFolderSource(folder, seconds_per_image=0.4, fps=10)
        return lambda: (ImageFolder(spec), 12)


def why_not(folder: Path) -> str:
    source = ImageFolder(ImageFolderSource(folder))
    with pytest.raises(SourceError) as caught:
        source.open()
    source.close()
    return str(caught.value)


def test_each_picture_is_shown_for_its_time_in_the_order_of_names(folder: Path) -> None:
    spec = ImageFolderSource(folder, seconds_per_image=0.5, fps=4)
    with opened(ImageFolder(spec)) as source:
        frames = read_up_to(source, 100)
    assert [frame.timestamp for frame in frames] == [n / 4 for n in range(6)]
    centres = [frame.pixels[24, 32].tolist() for frame in frames]
    for centre, colour in zip(centres, (RED, RED, GREEN, GREEN, BLUE, BLUE), strict=True):
        assert centre == pytest.approx(colour, abs=3)


def test_pictures_keep_their_proportions_on_one_canvas(folder: Path) -> None:
    with opened(ImageFolder(ImageFolderSource(folder, 0.05, 1))) as source:
        frames = read_up_to(source, 3)
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    blue = (frames[2].pixels == BLUE).all(axis=2)
    columns = np.flatnonzero(blue.any(axis=0))
    assert columns.tolist() == list(range(20, 44))  # 20x40 fits 64x48 as 24x48, in the middle.
    assert blue[:, 20:44].all()
    assert not frames[2].pixels[:, :20].any()


def test_an_odd_size_gets_even_sides(tmp_path: Path) -> None:
    (tmp_path / "odd.png").write_bytes(encoded(".png", 61, 43, RED))
    with opened(ImageFolder(ImageFolderSource(tmp_path))) as source:
        frame = source.read()
    assert frame is not None
    assert frame.width % 2 == frame.height % 2 == 0


def test_a_large_picture_is_scaled_down(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(encoded(".png", 4000, 1000, RED))
    source = ImageFolder(ImageFolderSource(tmp_path))
    info = source.open()
    source.close()
    assert (info.width, info.height) == (1920, 480)


def test_a_photo_lying_on_its_side_is_shown_upright(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(turned(encoded(".jpg", 64, 48, RED), 6))
    with opened(ImageFolder(ImageFolderSource(tmp_path))) as source:
        frame = source.read()
    assert frame is not None
    assert frame.pixels.shape == (64, 48, 3)
    assert frame.pixels[0, 0].tolist() == pytest.approx(RED, abs=3)  # No bars.


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    assert "no picture" in why_not(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in why_not(tmp_path / "gone")


def test_a_file_is_pointed_to_the_right_source(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.touch()
    assert "VideoFileSource" in why_not(path)


@pytest.mark.parametrize("content", [b"", b"hello", PNG, b"\xff\xd8\xff\xe0"])
def test_a_picture_that_is_none_is_named(folder: Path, content: bytes) -> None:
    (folder / "d.png").write_bytes(content)
    why = why_not(folder)
    assert "d.png" in why


def test_a_damaged_picture_is_named_when_its_turn_comes(folder: Path) -> None:
    good = encoded(".png", 60, 40, RED)
    (folder / "d.png").write_bytes(good[:40] + bytes(len(good) - 40))
    with opened(ImageFolder(ImageFolderSource(folder, 0.1, 10))) as source:
        read_up_to(source, 3)
        with pytest.raises(SourceError, match=r"d\.png"):
            source.read()


def test_a_bomb_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> None:
        pytest.fail("a picture of 30000x30000 must not reach the decoder")

    monkeypatch.setattr(cv2, "imdecode", decode)
    (tmp_path / "bomb.png").write_bytes(png_bomb(30000, 30000))
    assert "30000x30000" in why_not(tmp_path)


def test_a_picture_replaced_by_a_bomb_is_refused(folder: Path) -> None:
    with opened(ImageFolder(ImageFolderSource(folder, 0.1, 10))) as source:
        assert source.read() is not None
        (folder / "b.png").write_bytes(png_bomb(30000, 30000))
        with pytest.raises(SourceError, match="30000x30000"):
            source.read()


@given(
    suffix=st.sampled_from([".png", ".jpg", ".bmp", ".webp"]),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
)
def test_headers_say_what_the_decoder_gives(suffix: str, width: int, height: int) -> None:
    assert read_picture_size(encoded(suffix, width, height, RED)) == (width, height)


def test_lossless_webp_and_progressive_jpeg_too() -> None:
    picture = np.zeros((30, 50, 3), np.uint8)
    for suffix, options in (
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    ):
        _, data = cv2.imencode(suffix, picture, options)
        assert read_picture_size(data.tobytes()) == (50, 30)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_read_as_the_decoder_reads_it(orientation: int) -> None:
    data = turned(encoded(".jpg", 64, 48, RED), orientation)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert read_picture_size(data) == (decoded.shape[1], decoded.shape[0])


@given(
    kind=st.sampled_from([".png", ".jpg", ".bmp", ".webp"]),
    cut=st.integers(0, 60),
    noise=st.binary(max_size=80),
)
def test_any_bytes_give_a_size_or_none(kind: str, cut: int, noise: bytes) -> None:
    size = read_picture_size(encoded(kind, 8, 8, RED)[:cut] + noise)
    assert size is None or (size[0] > 0 and size[1] > 0)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    suffix=st.sampled_from([".png", ".jpg", ".bmp", ".webp"]),
    places=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=12),
    value=st.integers(0, 255),
)
def test_a_damaged_picture_is_shown_or_is_our_error(
    tmp_path: Path, suffix: str, places: list[float], value: int
) -> None:
    data = bytearray(encoded(suffix, 40, 30, GREEN))
    for place in places:
        data[int(place * len(data))] = value
    (tmp_path / "damaged.png").write_bytes(data)
    source = ImageFolder(ImageFolderSource(tmp_path))
    shown, why = None, ""
    try:
        source.open()
        shown = source.read()
    except SourceError as error:
        why = str(error)
    finally:
        source.close()
    assert shown is not None or "damaged.png" in why


def test_the_stills_of_the_real_clips_are_shown(media: Path) -> None:
    with opened(ImageFolder(ImageFolderSource(media / "hands", 0.5, 2))) as source:
        frames = read_up_to(source, 100)
    assert len(frames) == 20
    assert {frame.pixels.shape for frame in frames} == {(834, 684, 3)}
