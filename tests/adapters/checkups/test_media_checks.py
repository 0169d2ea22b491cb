"""What media need on this machine, and how it is told where something is missing."""

from __future__ import annotations

from typing import Any

import pytest

from overshoot.adapters.checkups import media
from overshoot.adapters.checkups.cameras import CameraCheck
from overshoot.adapters.checkups.media import CodecCheck, FramePathCheck, UdpCheck, WebRtcCheck
from overshoot.domain.camera import Camera, CameraMode
from overshoot.domain.checkup import Finding
from overshoot.framepath import simd_level
from overshoot.ports.checkup import Check


async def found(check: Check) -> list[Finding]:
    return [finding async for finding in check.findings()]


async def test_the_frame_path_is_told_with_its_kernels() -> None:
    (finding,) = await found(FramePathCheck())
    assert finding.facts["level"] == simd_level()
    assert finding.facts["microseconds"] > 0


async def test_both_codecs_give_back_what_they_were_given() -> None:
    findings = await found(CodecCheck())
    assert [(each.hop, each.outcome) for each in findings] == [
        ("codec VP8", "ok"), ("codec H264", "ok"),
    ]  # fmt: skip


class Forgetful:
    """A codec that gives no picture back."""

    def decode(self, _: Any) -> list[Any]:
        return []


def broken_encoder(_: Any) -> Any:
    raise ValueError("no such encoder")


@pytest.mark.parametrize(
    ("name", "replacement", "words"),
    [
        ("get_encoder", broken_encoder, "no such encoder"),
        ("get_decoder", lambda _: Forgetful(), "gave no picture back"),
        ("_MOST_OFF", -1.0, "is another one"),
    ],
)
async def test_a_codec_that_fails_is_told(
    name: str, replacement: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, name, replacement)
    findings = await found(CodecCheck())
    assert {each.outcome for each in findings} == {"failed"}
    assert all(words in each.told for each in findings)


async def test_datagrams_come_back_and_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "machine_addresses", lambda: ["192.0.2.2", "127.0.0.1"])
    findings = await found(UdpCheck())
    assert [each.outcome for each in findings] == ["ok", "ok"]
    assert findings[1].facts["addresses"] == ["192.0.2.2"]
    monkeypatch.setattr(media, "machine_addresses", lambda: ["127.0.0.1"])
    assert [each.outcome for each in await found(UdpCheck())] == ["ok", "warning"]


async def test_udp_that_is_swallowed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "SECONDS", 0.1)
    monkeypatch.setattr(media._Echo, "datagram_received", lambda *_: None)
    (finding,) = await found(UdpCheck())
    assert (finding.hop, finding.outcome) == ("udp loopback", "failed")
    assert "did not arrive" in finding.told


async def test_two_peers_find_each_other() -> None:
    (finding,) = await found(WebRtcCheck())
    assert finding.outcome == "ok"


async def test_peers_that_do_not_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "SECONDS", 0.3)
    # Candidates that nobody can reach: a network of documents (RFC 5737).
    monkeypatch.setattr(media, "gather_on", lambda *_: None)
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [])
    (finding,) = await found(WebRtcCheck())
    assert finding.outcome == "failed"
    assert "ICE is" in finding.told


async def test_cameras_are_told_one_by_one() -> None:
    cameras = [
        Camera("/dev/video0", "0", "Webcam", "uvc", (CameraMode("MJPG", 640, 480, (30.0,)),)),
        Camera("/dev/video2", None, problem="another program uses it; end that one"),
    ]
    findings = await found(CameraCheck(lambda: cameras))
    assert [each.outcome for each in findings] == ["ok", "warning"]
    assert "Webcam is there" in findings[0].told
    (none,) = await found(CameraCheck(list))
    assert none.outcome == "skipped"
