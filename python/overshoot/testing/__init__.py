"""For tests of programs that use overshoot: no camera, no network, no key, no sleep.

Doubles: `ManualClock`, `ScriptedInference`, `EchoInference`, `LoopbackTransport`, and
`SyntheticSource` for pictures whose truth is known. `offline` and `run_offline` make a whole
session of them that is the same each time. `until` and `nothing_left` are for tests that wait.

`overshoot.testing.contracts` has the suites that every adapter of this package passes, for adapters
of your own; `overshoot.testing.strategies` has Hypothesis strategies. Both, and the fixtures of
`overshoot.testing.pytest_plugin`, come with ``pip install 'overshoot-sdk[testing]'``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from overshoot.domain.source import SyntheticSource
    from overshoot.testing.echo_inference import EchoInference
    from overshoot.testing.loopback import LoopbackTransport
    from overshoot.testing.manual_clock import ManualClock
    from overshoot.testing.offline_session import OfflineRun, offline, run_offline
    from overshoot.testing.scripted_inference import ScriptedInference
    from overshoot.testing.waiting import nothing_left, until

__all__ = [
    "EchoInference",
    "LoopbackTransport",
    "ManualClock",
    "OfflineRun",
    "ScriptedInference",
    "SyntheticSource",
    "nothing_left",
    "offline",
    "run_offline",
    "until",
]

_HOMES: Final = {
    "EchoInference": "overshoot.testing.echo_inference",
    "LoopbackTransport": "overshoot.testing.loopback",
    "ManualClock": "overshoot.testing.manual_clock",
    "OfflineRun": "overshoot.testing.offline_session",
    "ScriptedInference": "overshoot.testing.scripted_inference",
    "SyntheticSource": "overshoot.domain.source",
    "nothing_left": "overshoot.testing.waiting",
    "offline": "overshoot.testing.offline_session",
    "run_offline": "overshoot.testing.offline_session",
    "until": "overshoot.testing.waiting",
}


def __getattr__(name: str) -> Any:
    # pytest loads the plugin beside this, in each run: nobody else is to pay for what it needs.
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(home), name)
