"""The façades without ``async``, for scripts and notebooks.

::

    from overshoot import RealtimeVisionConfig
    from overshoot.sync import RealtimeVision

    with RealtimeVision(RealtimeVisionConfig(prompt="What happens here?")) as vision:
        for result in vision.results():
            print(result.result)

The classes take the same arguments as those of the same names elsewhere, their methods wait, and
what those raise they raise.

* Each object has an event loop of its own, on a daemon thread that runs from `start` (or the first
  request) to `stop`, `close` or the end of the ``with`` block. It does not matter whether the
  caller's thread has an event loop already, as in Jupyter.
* **Callbacks are called on that thread.** One that waits holds up its stream, not other objects. It
  may call `stop`, which returns at once there, and what never waits, such as ``push_frame`` and
  ``stats``; other methods of the same object raise `OvershootError` there instead of waiting for
  themselves for ever. An ``async`` callback runs on the thread's loop.
* Methods may be called from any thread, several at once. Ctrl-C ends the wait of the main thread,
  and cancels what it waited for.
* What still runs when the program ends is stopped then, as far as an interpreter that is ending
  allows; a gateway that could not be told ends the stream with its lease.
"""

from overshoot.sync.action_detector import ActionDetector
from overshoot.sync.gateway import LocalGateway
from overshoot.sync.http_client import OvershootHttpClient
from overshoot.sync.streams import OvershootStreamRelay, RealtimeVision, RelayOptions, Results

__all__ = [
    "ActionDetector",
    "LocalGateway",
    "OvershootHttpClient",
    "OvershootStreamRelay",
    "RealtimeVision",
    "RelayOptions",
    "Results",
]
