"""Whether the real networks and clips are at hand; the tests that need them say so when not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from overshoot.adapters.inference.local.weights import default_weights_dir, installed
from overshoot.errors import ModelsMissingError

_CHECKOUT = Path(__file__).resolve().parents[3]
MEDIA = Path(os.environ.get("OVERSHOOT_TEST_MEDIA") or _CHECKOUT.parent / "shared" / "media")


def _networks_missing() -> str:
    try:
        installed(default_weights_dir())
    except ModelsMissingError as error:
        return error.message
    return ""


needs_networks = pytest.mark.skipif(bool(_networks_missing()), reason=_networks_missing() or "-")
needs_media = pytest.mark.skipif(
    not MEDIA.is_dir(), reason=f"no clips: set OVERSHOOT_TEST_MEDIA or put them in {MEDIA}"
)
