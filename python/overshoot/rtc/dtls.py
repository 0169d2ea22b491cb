"""Handshakes with senders whose certificates hold RSA keys, as GStreamer's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection

_CIPHERS: Final = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
    for key in ("ECDSA", "RSA")
)


def take_rsa(peer: RTCPeerConnection) -> None:
    """Let ``peer`` shake hands with RSA certificates as well; to be called before it connects.

    aiortc names the suites for ECDSA alone. Who the other side is, is known from the fingerprint
    in its description, whatever its key. This replaces one method of one certificate and names no
    module state; a test connects to a peer with an RSA key.
    """
    for certificate in getattr(peer, "_RTCPeerConnection__certificates"):  # noqa: B009 - its name is mangled
        certificate._create_ssl_context = _with_rsa(certificate._create_ssl_context)


def _with_rsa(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_ssl_context(srtp_profiles: Any) -> Any:
        context = create(srtp_profiles)
        context.set_cipher_list(_CIPHERS.encode())
        return context

    return create_ssl_context
