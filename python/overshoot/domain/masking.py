"""Addresses as they may be shown: without what lets somebody in."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"
_USER_INFO: Final = re.compile(r"(?<=://).*@")
_QUERY_VALUE: Final = re.compile(r"(?<==)[^&#;]+")


def masked_address(address: str) -> str:
    """``address`` with user, password and the values of its query masked.

    A password may hold ``@`` itself, so everything up to the last one goes.
    """
    shown = _USER_INFO.sub(f"{MASK}@", address)
    place, mark, query = shown.partition("?")
    return f"{place}{mark}{_QUERY_VALUE.sub(MASK, query)}"
