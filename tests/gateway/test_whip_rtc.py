"""What publishers say in SDP and in their handshakes, and browsers do not."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiortc import RTCCertificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from gateway.kit import NumberedTrack, Sender, create_body
from overshoot.errors import ValidationError
from overshoot.rtc import as_baseline, as_offered, ice_credentials, parse_fragment
from overshoot.rtc import without_named_candidates as numeric

if TYPE_CHECKING:
    from gateway.kit import Client

ADDRESSES = st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
PORTS = st.integers(1, 65535)
PRIORITIES = st.integers(0, 2**31 - 1)


@given(st.lists(st.tuples(ADDRESSES, PORTS, PRIORITIES)), st.sampled_from(["\r\n", "\n"]))
def test_every_candidate_is_read_as_it_was_written(found: Any, end: str) -> None:
    lines = ["a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "m=audio 9 RTP/AVP 0"]
    lines += [f"a=candidate:7 1 UDP {p} {a} {n} typ host generation 0" for a, n, p in found]
    read = parse_fragment(end.join([*lines, "a=mid:0", "a=end-of-candidates", ""]))
    assert read.credentials == {("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")}
    told = [(c.candidate.ip, c.candidate.port, c.candidate.priority) for c in read.candidates]
    assert told == found
    assert {each.mid for each in read.candidates} <= {"0"}


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_a_fragment_or_refused(text: str) -> None:
    with contextlib.suppress(ValidationError):
        parse_fragment(text)


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:1 1 udp 1 host.local 9 typ host",
        "a=candidate:1 1 udp 1 name.example.org 9 typ host",
        "a=candidate:1 1 tcp 1 127.0.0.1 9 typ host tcptype active",
        "a=candidate:1 2 udp 1 127.0.0.1 9 typ host",
        "a=candidate:1 1 udp 1 127.0.0.1 9 typ other",
        "a=candidate:1 1 udp 1 127.0.0.1 0 typ host",
    ],
)
def test_what_cannot_be_tried_is_passed_over(line: str) -> None:
    assert parse_fragment(line).candidates == ()


@pytest.mark.parametrize(
    "text",
    [
        "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "a=candidate:1 1 udp 1 127.0.0.1 9 host",
        "a=candidate:1 one udp 1 127.0.0.1 9 typ host",
        "a=candidate:1 1 udp -1 127.0.0.1 9 typ host",
        "a=candidate:1 1 udp 1 127.0.0.1 65536 typ host",
        "{}",
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"no line of SDP|no ICE candidate"):
        parse_fragment(text)


def test_credentials_of_a_section_go_before_those_of_the_session() -> None:
    session = "a=ice-ufrag:sess\na=ice-pwd:session\n"
    own = "m=video 9 x 96\na=ice-ufrag:own\na=ice-pwd:section\n"
    assert ice_credentials(session + "m=audio 9 x 0\n" + own) == {
        ("sess", "session"),
        ("own", "section"),
    }


def test_candidates_that_are_names_take_their_end_with_them() -> None:
    own = "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
    hidden = "a=candidate:1 1 udp 1 d9b1.local 9 typ host\r\n"
    end = "a=end-of-candidates\r\n"
    assert numeric(own + end) == own + end
    assert numeric(own + hidden + end) == own


def h264(*sections: str) -> str:
    return "".join(f"a=rtpmap:{9 + at} H264/90000\r\n{s}" for at, s in enumerate(sections))


def test_profiles_are_put_aside_and_put_back() -> None:
    high = "a=fmtp:9 profile-level-id=64001f;packetization-mode=1;sprop-parameter-sets=Z0,aM\r\n"
    plain = ""
    interleaved = "a=fmtp:11 packetization-mode=2\r\n"
    offer = h264(high, plain, interleaved)
    changed, said = as_baseline(offer)
    known = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
    assert changed == h264(f"a=fmtp:9 {known}\r\n", f"a=fmtp:10 {known}\r\n", interleaved)
    assert as_offered(changed, said) == h264(
        "a=fmtp:9 packetization-mode=1;profile-level-id=64001f\r\n",
        "a=fmtp:10 packetization-mode=0;profile-level-id=42e01f\r\n",
        interleaved,
    )


def test_offers_without_h264_are_left_as_they_are() -> None:
    offer = "v=0\r\nm=video 9 x 96 97\r\na=rtpmap:96 VP8/90000\r\na=fmtp:97 apt=96\r\n"
    assert as_baseline(offer) == (offer, {})


def with_rsa_key() -> Any:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "publisher")])
    now = datetime.datetime.now(tz=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    return key, made.sign(key, hashes.SHA256())


async def test_a_sender_with_an_rsa_key_is_received(client: Client) -> None:
    """GStreamer's kind; it is the server of the handshake, so that its key decides."""
    sender = Sender()
    (certificate,) = getattr(sender.peer, "_RTCPeerConnection__certificates")  # noqa: B009 - mangled
    assert isinstance(certificate, RTCCertificate)
    certificate._key, certificate._cert = with_rsa_key()
    try:
        offer = await sender.offer(NumberedTrack(10, 10))
        status, body = await client.call("POST", "/streams", json=create_body(offer))
        assert status == 201
        assert "a=setup:active" in body["webrtc"]["sdp"]
        await sender.accept(body["webrtc"]["sdp"])
        async with asyncio.timeout(20):
            await sender.connected.wait()
    finally:
        await sender.close()
