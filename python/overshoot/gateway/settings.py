"""How an embedded gateway is set up."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import Factory, field, frozen

from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.motion import MotionSettings
from overshoot.domain.sizing import MAX_LONG_SIDE, MAX_SHORT_SIDE
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.domain.validation import a_flag, a_number, a_whole_number, fail
from overshoot.gateway.whip_profile import WhipProfile
from overshoot.rtc import Gathering
from overshoot.wire import Limits

if TYPE_CHECKING:
    from attrs import Attribute

    from overshoot.domain.stream import IceServer
    from overshoot.domain.turn import TurnSecret


_KIB = 1024
_ANY = 1 << 40


def new_api_key() -> str:
    """A key nobody can guess: 256 random bits."""
    return "ovs_" + secrets.token_urlsafe(32)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _keys(values: Iterable[str]) -> tuple[str, ...]:
    return _texts(values) or (new_api_key(),)


def _usable_keys(owner: Any, attribute: Attribute[Any], value: tuple[Any, ...]) -> None:
    if not all(isinstance(key, str) and key.strip() and key.isascii() for key in value):
        # The values are secrets and stay out of the message.
        raise fail(owner, attribute.name, "non-empty texts of ASCII characters", "something else")


def _metrics(owner: Any, attribute: Attribute[Any], value: object) -> None:
    if value not in {"off", "key", "open"}:
        raise fail(owner, attribute.name, "off, key or open", value)


def _prefixes(owner: Any, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    good = all(not p or (p.startswith("/") and not p.endswith("/")) for p in value)
    if not value or not good:
        wanted = "paths that begin with / and do not end with it, or empty texts"
        raise fail(owner, attribute.name, wanted, value)


def _ice_url(owner: Any, name: str, url: str) -> bool:
    """Whether it is a TURN server's; an error when it is no server's."""
    scheme = url.partition(":")[0]
    if scheme not in {"stun", "turn", "turns"}:
        wanted = "addresses such as stun:host:3478 and turn:host:3478?transport=udp"
        raise fail(owner, name, wanted, url)
    return scheme != "stun"


def _ice_servers(owner: Any, attribute: Attribute[Any], value: tuple[IceServer, ...]) -> None:
    for server in value:
        closed = not (server.username and server.credential)
        if _ice_url(owner, attribute.name, server.urls) and closed:
            wanted = "TURN servers with a username and a credential"
            raise fail(owner, attribute.name, wanted, server.urls)


def _turn(owner: Any, attribute: Attribute[Any], value: TurnSecret | None) -> None:
    if value is not None and not all(_ice_url(owner, attribute.name, url) for url in value.urls):
        raise fail(owner, attribute.name, "the addresses of TURN servers", value.urls)


def _an_address(owner: Any, attribute: Attribute[Any], value: str | None) -> None:
    try:
        ipaddress.ip_address(value or "127.0.0.1")
    except ValueError:
        raise fail(owner, attribute.name, "an IPv4 or IPv6 address", value) from None


def _ports(owner: Any, attribute: Attribute[Any], value: tuple[int, int] | None) -> None:
    if value is not None and not (len(value) == 2 and 0 < value[0] <= value[1] < 1 << 16):  # noqa: PLR2004
        raise fail(owner, attribute.name, "the first and the last of some ports", value)


@frozen
class GatewaySettings:
    """A gateway's doors, limits and deadlines; the defaults suit one machine and one user.

    Attributes:
        api_keys: whose bearer may come in; streams belong to their key. Left empty, one is made.
        prefixes: paths under which the API is served; the first is the one that is advertised.
        lease_ttl_seconds: a stream ends that long after its last keepalive.
        strict: take what the OpenAPI document takes, and nothing that clients are forgiven.
        allowed_origins: web pages that may call; ``"*"`` for any. None may by default.
        metrics: who may read ``/metrics``, which counts the streams of all keys: ``"key"`` for
            whoever has one of them, ``"open"`` for everybody who reaches the gateway, ``"off"``
            for nobody.
        console: whether the page for people is served at the root, and may call from there.
        allowed_hosts: names besides those of loopback that requests may be addressed to; ``"*"``
            for any.
        store: address of the store that the streams' actions are kept in, such as
            ``sqlite:///actions.db``; None keeps the newest in memory. What an API key finds belongs
            to its place in ``api_keys``, also when the gateway runs again.
        actions_in_memory: how many stay there.
        tracking: when verdicts are an action.
        evidence: clips of those actions, and how much of them is kept.
        limits: how much one request may ask for.
        ice_addresses: local addresses to receive video on; None for all, with loopback.
        ice_servers: STUN and TURN servers, for this gateway and told to its clients.
        turn: TURN servers that share a secret; each stream gets a credential of its own.
        public_address: told to clients in place of every local address of its family.
        udp_ports: the first and the last port to receive video on; None lets the system choose.
        delete_grace_seconds: from the answer to a delete until its result sockets are closed.
        inference_seconds: an answer that takes longer is given up.
        streams_per_key: running at the same time for one API key.
        streams: running at the same time in all.
        subscribers_per_stream: result sockets of one stream.
        results_queued: results that wait for one slow socket; the oldest makes room for the next.
        creations_per_second: requests for streams of one API key, in the long run.
        creation_burst: such requests at once.
        credit_cents: what each API key has to spend; None counts nothing.
        cents_per_minute: what a minute of a stream costs.
        max_long_side: pixels of the longer side of the frames a model sees; larger ones are made
            smaller.
        max_short_side: pixels of the shorter side.
        max_clip_bytes: pixels of one clip; frames are made smaller to keep to it.
        concurrency: requests that the backend has at the same time; None goes by the backend's own
            hint, and without one sets no limit.
        motion: when a still scene is answered without the model.
        buffer: frames of a stream that stay at hand for previews and for asking again.
        whip: what is asked about the video of publishers over WHIP, by the name that their address
            gives as ``profile``; ``default`` is for those that give none.
        json_bytes: length of a request's body.
        image_body_bytes: length of the body of a question about a picture, which it carries.
        create_bytes: length of the body of a create request, which carries an SDP offer.
        header_seconds: a connection whose request head began and is not whole by then is closed; on
            a new connection it begins at once.
        body_seconds: a body that has not arrived by then is refused.
        hello_seconds: a result socket that has not sent its key by then is closed.
        connect_seconds: a stream whose video has not connected by then ends.
        ping_seconds: between pings on a result socket; two unanswered close it.
        send_seconds: a result socket that does not take a message for that long is closed.
    """

    api_keys: tuple[str, ...] = field(
        default=(), converter=_keys, validator=_usable_keys, repr=False
    )
    prefixes: tuple[str, ...] = field(
        default=("/api/v0.2", "/v0.2"), converter=_texts, validator=_prefixes
    )
    lease_ttl_seconds: float = field(default=90.0, validator=a_number(0, 86_400, "s", above=True))
    strict: bool = False
    allowed_origins: tuple[str, ...] = field(default=(), converter=_texts)
    allowed_hosts: tuple[str, ...] = field(default=(), converter=_texts)
    metrics: Literal["off", "key", "open"] = field(default="key", validator=_metrics)
    console: bool = field(default=True, validator=a_flag())
    store: str | None = field(default=None, repr=False)
    actions_in_memory: int = field(default=10_000, validator=a_whole_number(1, 10_000_000))
    # Clips with a pause of two seconds between them are still one action.
    tracking: TrackingRule = Factory(lambda: TrackingRule(max_gap_seconds=2.0))
    evidence: EvidenceSettings = Factory(EvidenceSettings)
    limits: Limits = Factory(Limits)
    ice_addresses: tuple[str, ...] | None = None
    ice_servers: tuple[IceServer, ...] = field(default=(), converter=tuple, validator=_ice_servers)
    turn: TurnSecret | None = field(default=None, validator=_turn)
    public_address: str | None = field(default=None, validator=_an_address)
    udp_ports: tuple[int, int] | None = field(default=None, validator=_ports)
    delete_grace_seconds: float = field(default=0.75, validator=a_number(0, 60, "s"))
    inference_seconds: float = field(default=30.0, validator=a_number(0, 3600, "s", above=True))
    streams_per_key: int = field(default=5, validator=a_whole_number(1, 10_000))
    streams: int = field(default=32, validator=a_whole_number(1, 10_000))
    subscribers_per_stream: int = field(default=16, validator=a_whole_number(1, 10_000))
    results_queued: int = field(default=64, validator=a_whole_number(1, 100_000))
    creations_per_second: float = field(
        default=2.0, validator=a_number(0, 10_000, "1/s", above=True)
    )
    creation_burst: int = field(default=10, validator=a_whole_number(1, 10_000))
    credit_cents: float | None = field(default=None, validator=a_number(0, _ANY, optional=True))
    cents_per_minute: float = field(default=0.0, validator=a_number(0, _ANY))
    max_long_side: int = field(default=MAX_LONG_SIDE, validator=a_whole_number(16, 16_384))
    max_short_side: int = field(default=MAX_SHORT_SIDE, validator=a_whole_number(16, 16_384))
    max_clip_bytes: int = field(
        default=256 * _KIB * _KIB, validator=a_whole_number(64 * _KIB, _ANY)
    )
    concurrency: int | None = field(
        default=None, validator=a_whole_number(1, 10_000, optional=True)
    )
    motion: MotionSettings = Factory(MotionSettings)
    buffer: BufferLimits = Factory(BufferLimits)
    whip: Mapping[str, WhipProfile] = Factory(dict[str, WhipProfile])
    image_body_bytes: int = field(default=8 * _KIB * _KIB, validator=a_whole_number(1, _ANY))
    json_bytes: int = field(default=64 * _KIB, validator=a_whole_number(1, _ANY))
    create_bytes: int = field(default=128 * _KIB, validator=a_whole_number(1, _ANY))
    header_seconds: float = field(default=5.0, validator=a_number(0, 3600, "s", above=True))
    body_seconds: float = field(default=10.0, validator=a_number(0, 3600, "s", above=True))
    hello_seconds: float = field(default=5.0, validator=a_number(0, 3600, "s", above=True))
    connect_seconds: float = field(default=15.0, validator=a_number(0, 3600, "s", above=True))
    ping_seconds: float = field(default=20.0, validator=a_number(0, 3600, "s", above=True))
    send_seconds: float = field(default=10.0, validator=a_number(0, 3600, "s", above=True))

    def gathering(self) -> Gathering:
        """How peers find the addresses they receive on."""
        return Gathering(self.ice_addresses, self.udp_ports, self.public_address)

    def all_ice_servers(self, stream_id: str, now: float) -> tuple[IceServer, ...]:
        """The servers for one stream; ``now`` is seconds since the Unix epoch."""
        made = () if self.turn is None else self.turn.servers(stream_id, now)
        return (*self.ice_servers, *made)

    def serving(self) -> ServingSettings:
        """The part that the streams themselves go by."""
        return ServingSettings(
            lease_ttl_seconds=self.lease_ttl_seconds,
            inference_seconds=self.inference_seconds,
            delete_grace_seconds=self.delete_grace_seconds,
            streams_per_key=self.streams_per_key,
            streams=self.streams,
            subscribers_per_stream=self.subscribers_per_stream,
            results_queued=self.results_queued,
            max_long_side=self.max_long_side,
            max_short_side=self.max_short_side,
            max_clip_bytes=self.max_clip_bytes,
            concurrency=self.concurrency,
            motion=self.motion,
            buffer=self.buffer,
        )
