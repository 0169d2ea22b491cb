"""HLS streams, which are followed on request alone and never to where they should not lead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import av
import numpy as np
import pytest

from adapters.sources.made_videos import Answer, moving_picture, send_bytes, web_server
from overshoot.adapters.sources.hls_playlist import rewritten
from overshoot.adapters.sources.url import OpenCvUrl
from overshoot.domain.source import UrlSource
from overshoot.errors import SourceError
from overshoot.testing.contracts.source import (
    MakeSource,
    SourceContract,
    opened,
    read_up_to,
    threads,
)

FPS = 10
MEDIA = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n"


def write_hls(folder: Path, pictures: int = 30, **options: str) -> Path:
    """A film of one-second segments; the folder of its playlist ``film.m3u8``."""
    settings = {"hls_time": "1", "hls_list_size": "0", **options}
    with av.open(str(folder / "film.m3u8"), "w", format="hls", options=settings) as container:
        stream = container.add_stream("libx264", rate=FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = FPS
        stream.options = {"preset": "ultrafast", "bf": "0", "sc_threshold": "0"}
        for number in range(pictures):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(moving_picture(number), format="bgr24"))
            )
        container.mux(stream.encode(None))
    return folder


def serving(folder: Path, asked: list[str], **instead: Answer) -> Answer:
    """Answers with the files of a folder, or as the names in ``instead`` say."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        name = request.path.partition("?")[0].lstrip("/")
        asked.append(name)
        if (other := instead.get(name.partition(".")[0])) is not None:
            other(request)
        elif (folder / name).is_file():
            send_bytes((folder / name).read_bytes(), "application/octet-stream")(request)
        else:
            request.send_error(404)

    return answer


def text(content: str) -> Answer:
    return send_bytes(content.encode(), "application/vnd.apple.mpegurl")


def followed(url: str, open_seconds: float = 6.0, read_seconds: float = 4.0) -> OpenCvUrl:
    spec = UrlSource(url, allow_playlists=True, reconnect_seconds=0)
    return OpenCvUrl(spec, open_seconds, read_seconds)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hls(tmp_path_factory.mktemp("hls"))


class TestOpenCvUrlOfAPlaylist(SourceContract):
    @pytest.fixture
    def make_source(self, film: Path) -> Iterator[MakeSource]:
        with web_server(serving(film, [])) as url:
            yield lambda: (followed(f"{url}/film.m3u8"), 30)


def test_a_playlist_is_followed_only_where_that_is_asked_for(film: Path) -> None:
    asked: list[str] = []
    with web_server(serving(film, asked)) as url:
        source = OpenCvUrl(UrlSource(f"{url}/film.m3u8"))
        with pytest.raises(SourceError, match="Set allow_playlists=True"):
            source.open()
    assert asked == ["film.m3u8"]


def test_a_film_in_segments_is_played_at_its_own_pace(film: Path) -> None:
    with web_server(serving(film, [])) as url:
        source = followed(f"{url}/film.m3u8")
        assert not source.open().live
        frames = read_up_to(source, 50)
        source.close()
    assert [frame.timestamp for frame in frames] == pytest.approx([n / FPS for n in range(30)])
    for number, frame in enumerate(frames):
        assert np.abs(frame.pixels.astype(int) - moving_picture(number)).mean() < 12


def test_segments_of_mp4_with_a_map_are_played(tmp_path: Path) -> None:
    folder = write_hls(tmp_path, hls_segment_type="fmp4")
    assert "EXT-X-MAP" in (folder / "film.m3u8").read_text()
    with web_server(serving(folder, [])) as url, opened(followed(f"{url}/film.m3u8")) as source:
        assert len(read_up_to(source, 50)) == 30


def test_byte_ranges_are_played(tmp_path: Path) -> None:
    folder = write_hls(tmp_path, hls_flags="single_file")
    assert "EXT-X-BYTERANGE" in (folder / "film.m3u8").read_text()
    with web_server(serving(folder, [])) as url, opened(followed(f"{url}/film.m3u8")) as source:
        assert len(read_up_to(source, 50)) == 30


def test_encrypted_segments_are_played(tmp_path: Path) -> None:
    (tmp_path / "film.key").write_bytes(bytes(range(16)))
    info = tmp_path / "info.txt"
    info.write_text(f"film.key\n{tmp_path / 'film.key'}\n")
    folder = write_hls(tmp_path, hls_key_info_file=str(info))
    assert "AES-128" in (folder / "film.m3u8").read_text()
    asked: list[str] = []
    with web_server(serving(folder, asked)) as url, opened(followed(f"{url}/film.m3u8")) as source:
        assert len(read_up_to(source, 50)) == 30
    assert "film.key" in asked


def test_one_of_several_variants_is_fetched(film: Path) -> None:
    master = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="sound.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=9000,RESOLUTION=3840x2160,AUDIO="a"\nhuge.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=96x64,AUDIO="a"\nsmall.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=500,RESOLUTION=96x64,AUDIO="a"\nfilm.m3u8\n'
    )
    asked: list[str] = []
    with web_server(serving(film, asked, master=text(master))) as url:
        with opened(followed(f"{url}/master.m3u8")) as source:
            assert len(read_up_to(source, 50)) == 30
    assert {name for name in asked if name.endswith("m3u8")} == {"master.m3u8", "film.m3u8"}


def test_user_and_password_reach_the_segments(film: Path) -> None:
    refused: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") != "Basic dXNlcjpwQHNz":
            refused.append(request.path)
        serving(film, [])(request)

    with web_server(answer) as url:
        secret = url.replace("http://", "http://user:p%40ss@")
        with opened(followed(f"{secret}/film.m3u8")) as source:
            assert len(read_up_to(source, 50)) == 30
    assert refused == []


Trap = Callable[[str], str]
TRAPS: dict[str, Trap] = {
    "a segment": lambda there: f"{MEDIA}#EXTINF:1,\n{there}/film0.ts\n#EXT-X-ENDLIST\n",
    "a key": lambda there: (
        f'{MEDIA}#EXT-X-KEY:METHOD=AES-128,URI="{there}/key"\n'
        "#EXTINF:1,\nfilm0.ts\n#EXT-X-ENDLIST\n"
    ),
    "a map": lambda there: (
        f'{MEDIA}#EXT-X-MAP:URI="{there}/map.mp4"\n#EXTINF:1,\nfilm0.m4s\n#EXT-X-ENDLIST\n'
    ),
    "a playlist": lambda there: f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{there}/other.m3u8\n",
    "a redirect": lambda _: f"{MEDIA}#EXTINF:1,\nmoved.ts\n#EXT-X-ENDLIST\n",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_another_host_or_port_of_a_private_network_is_not_reached(film: Path, trap: str) -> None:
    before = threads()
    reached: list[str] = []
    with web_server(serving(film, reached)) as there:

        def moved(request: BaseHTTPRequestHandler) -> None:
            request.send_response(302)
            request.send_header("Location", f"{there}/film0.ts")
            request.send_header("Content-Length", "0")
            request.end_headers()

        answer = serving(film, [], trap=text(TRAPS[trap](there)), moved=moved)
        with web_server(answer) as url:
            source = followed(f"{url}/trap.m3u8", open_seconds=2.0, read_seconds=1.0)
            with pytest.raises(SourceError) as caught:
                source.open()
            source.close()
    assert reached == []
    assert trap == "a key" or "neither its own host and port" in caught.value.message
    assert threads() <= before


@pytest.mark.parametrize(("there_is_public", "count"), [(False, None), (True, 30)])
def test_a_public_playlist_may_name_other_public_hosts_alone(
    film: Path, monkeypatch: pytest.MonkeyPatch, there_is_public: bool, count: int | None
) -> None:
    # Loopback stands for the public network.
    monkeypatch.setattr("overshoot.adapters.sources.hls_relay.is_public", lambda _: True)
    monkeypatch.setattr("overshoot.adapters.sources.hls_relay.is_global", lambda _: there_is_public)
    reached: list[str] = []
    with web_server(serving(film, reached)) as there:
        playlist = (film / "film.m3u8").read_text().replace("film0", f"{there}/film0")
        playlist = playlist.replace("film1", f"{there}/film1").replace("film2", f"{there}/film2")
        with web_server(serving(film, [], cdn=text(playlist))) as url:
            source = followed(f"{url}/cdn.m3u8", 2.0, 1.0)
            if count is None:
                with pytest.raises(SourceError, match="neither its own"):
                    source.open()
                source.close()
            else:
                with opened(source):
                    assert len(read_up_to(source, 50)) == count
    assert bool(reached) == there_is_public


@pytest.mark.parametrize("scheme", ["file://", "ftp://x", "concat:", "data:;base64,AAAA"])
def test_a_playlist_reaches_no_file_and_no_other_protocol(film: Path, scheme: str) -> None:
    segment = f"{scheme}{film / 'film0.ts'}"
    trap = text(f"{MEDIA}#EXTINF:1,\n{segment}\n#EXT-X-ENDLIST\n")
    with web_server(serving(film, [], trap=trap)) as url:
        source = followed(f"{url}/trap.m3u8", open_seconds=2.0, read_seconds=1.0)
        with pytest.raises(SourceError, match="no video"):
            source.open()
        source.close()


def test_a_broadcast_is_followed_to_its_end(film: Path) -> None:
    whole = (film / "film.m3u8").read_text().splitlines()
    segments = [line for line in whole if line.endswith(".ts")]
    looks: list[int] = []
    lock = threading.Lock()

    def broadcast(request: BaseHTTPRequestHandler) -> None:
        with lock:
            looks.append(len(looks))
            shown = min(1 + len(looks) // 2, 3)
        body = "".join(f"#EXTINF:1.0,\n{name}\n" for name in segments[:shown])
        over = "#EXT-X-ENDLIST\n" if len(looks) > 5 else ""
        text(f"{MEDIA}#EXT-X-MEDIA-SEQUENCE:0\n{body}{over}")(request)

    with web_server(serving(film, [], broadcast=broadcast)) as url:
        spec = UrlSource(f"{url}/broadcast.m3u8", allow_playlists=True)
        source = OpenCvUrl(spec, wait=lambda _: False)
        assert not source.open().live  # It is paced by its own times: it comes in segments.
        frames = read_up_to(source, 100)
        source.close()
    assert len(frames) == 30
    assert [frame.timestamp for frame in frames] == pytest.approx([n / FPS for n in range(30)])


def test_every_address_is_replaced() -> None:
    playlist = (
        f'{MEDIA}#EXT-X-KEY:METHOD=AES-128,URI="../k.key",IV=0x1\n'
        '#EXT-X-MAP:URI="https://cdn.example/m.mp4",BYTERANGE="5@0"\n'
        "#EXTINF:1,\nsub/one.m4s?x=1\n\n#EXTINF:1,\n//other.example/two.m4s\n"
    )
    seen: list[tuple[str, bool]] = []

    def place(url: str, is_playlist: bool) -> str:
        seen.append((url, is_playlist))
        return f"here/{len(seen)}"

    result = rewritten(playlist, "http://host/a/b/film.m3u8", place)
    assert seen == [
        ("http://host/a/k.key", False),
        ("https://cdn.example/m.mp4", False),
        ("http://host/a/b/sub/one.m4s?x=1", False),
        ("http://other.example/two.m4s", False),
    ]
    assert 'URI="here/1",IV=0x1' in result
    assert 'URI="here/2",BYTERANGE="5@0"' in result
    assert "here/3\n" in result
    assert "example" not in result
