"""TURN servers whose credentials end on their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from attrs import field, frozen

from overshoot.domain.stream import IceServer
from overshoot.domain.validation import a_text, a_whole_number


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@frozen
class TurnSecret:
    """A secret shared with TURN servers, such as coturn's ``static-auth-secret``.

    Attributes:
        urls: ``turn:host:port?transport=udp`` and the like.
        secret: the servers' own; never shown, and never sent.
        ttl_seconds: how long a credential is good for; a relayed stream cannot last longer.
    """

    urls: tuple[str, ...] = field(converter=_texts)
    secret: str = field(validator=a_text(), repr=False)
    ttl_seconds: int = field(default=3600, validator=a_whole_number(60, 86_400, "s"))

    def servers(self, user: str, now: float) -> tuple[IceServer, ...]:
        """The servers with a credential for ``user``; ``now`` is seconds since the Unix epoch.

        The username is ``expiry:user`` and the password base64(HMAC-SHA1(secret, username)):
        draft-uberti-behave-turn-rest-00, section 2.2.
        """
        username = f"{int(now) + self.ttl_seconds}:{user}"
        digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
        password = base64.b64encode(digest).decode()
        return tuple(IceServer(url, username, password) for url in self.urls)
