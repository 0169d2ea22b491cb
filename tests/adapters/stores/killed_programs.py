"""Programs that add to a store until they are killed, and what was acknowledged to them.

    python killed_programs.py ADDRESS NAME…

makes a program for each name, lets a few at a time add at once, kills each at any moment, and
writes as JSON the number of the last batch that each was told of. They are forked before anything
is opened, which is quicker than to start each. Batch ``n`` of a program has ``n % 3 + 1`` actions
with its name and ``frame_number`` n.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import NoReturn

from overshoot.bootstrap import open_store
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.ports.store import Store

AT_ONCE = 5


def add_for_ever(address: str, name: str, told: int) -> NoReturn:
    store = open_store(address)
    for number in count():
        action = DetectedAction(name, float(number), number, 0.5, None, {"prompt": name * 20})
        store.add([action] * (number % 3 + 1))
        os.write(told, f"{number}\n".encode())
    raise AssertionError("count() has no end")


def start(address: str, name: str) -> tuple[int, int]:
    """The program's number, and where to read what it was told."""
    reading, writing = os.pipe()
    program = os.fork()
    if program == 0:
        os.close(reading)
        add_for_ever(address, name, writing)
    os.close(writing)
    return program, reading


def kill_all(address: str, names: Sequence[str]) -> dict[str, int]:
    running = {name: start(address, name) for name in names}
    acknowledged: dict[str, int] = {}
    first = {name: os.read(reading, 65536) for name, (_, reading) in running.items()}
    for name, (program, reading) in running.items():
        time.sleep(random.random() * 0.05)  # noqa: S311 - any moment
        os.kill(program, signal.SIGKILL)
        os.waitpid(program, 0)
        said = first[name]
        while some := os.read(reading, 65536):
            said += some
        os.close(reading)
        acknowledged[name] = int(said.split()[-1])
    return acknowledged


def killed(address: str, names: Sequence[str]) -> dict[str, int]:
    """Run this program."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), address, *names],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    acknowledged: dict[str, int] = json.loads(done.stdout)
    return acknowledged


def check_all_is_there(store: Store, acknowledged: dict[str, int]) -> int:
    """How many batches were acknowledged: all are there, each whole and once."""
    for name, last in acknowledged.items():
        found = store.select(ActionQuery(action=name, order="added"))
        batches = Counter(each.action.frame_number for each in found)
        assert sorted(batches) == list(range(len(batches)))
        assert last <= len(batches) - 1 <= last + 1
        assert all(size == number % 3 + 1 for number, size in batches.items())
        assert all(each.action.metadata == {"prompt": name * 20} for each in found)
    return sum(last + 1 for last in acknowledged.values())


if __name__ == "__main__":
    address, *names = sys.argv[1:]
    told: dict[str, int] = {}
    for at in range(0, len(names), AT_ONCE):
        told |= kill_all(address, names[at : at + AT_ONCE])
    sys.stdout.write(json.dumps(told))
