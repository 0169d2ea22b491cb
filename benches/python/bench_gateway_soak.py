"""Many streams at one gateway for long: is memory flat, and everything in order and accounted for?

    python benches/python/bench_gateway_soak.py --streams 20 --minutes 10

The gateway runs in a process of its own with a model that does nothing. Senders run in two others
and encode nothing: each sends VP8 that was encoded once. Then stock aiortc receives the same
streams, with a loop that takes the frames and no gateway. CPU is each receiver's own, from /proc;
all processes share the machine's cores unless ``--cores`` names which are to be used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

WARM_UP = 0.2
"""The part of a run before memory and CPU are measured: buffers fill, caches warm up."""
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def role(name: str, *arguments: Any) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--role", name, *map(str, arguments)]
    return subprocess.Popen(  # noqa: S603 - this program itself
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_of(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"{process.args!r} ended early"
    return json.loads(line)


def slope(samples: list[tuple[float, float]]) -> float:
    """Of the straight line through samples, by least squares."""
    count = len(samples)
    mean_x, mean_y = (sum(each[i] for each in samples) / count for i in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0


class Cast:
    """The processes of one run: whoever receives, and the senders, who wait to be told where."""

    def __init__(self, receiver: str, options: argparse.Namespace, seconds: float) -> None:
        self.receiver = role(receiver)
        share, more = divmod(options.streams, options.senders)
        self.senders = [
            role(
                "sender",
                *("--streams", share + (number < more)),
                *("--seconds", seconds),
                *("--width", options.width),
                *("--height", options.height),
                *("--fps", options.fps),
                *(["--with-results"] if receiver == "gateway" else []),
            )
            for number in range(options.senders)
        ]

    def begin(self) -> dict[str, str]:
        """Let them send; where to, once all streams run."""
        where: dict[str, str] = line_of(self.receiver)
        for sender in self.senders:
            assert sender.stdin is not None
            sender.stdin.write(json.dumps(where) + "\n")
            sender.stdin.flush()
        for sender in self.senders:
            line_of(sender)
        return where

    def end(self) -> None:
        for process in (*self.senders, self.receiver):
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(60) == 0, process.args


def measure(
    cast: Cast, receiver: str, options: argparse.Namespace, seconds: float
) -> dict[str, Any]:
    """One receiver under all streams for that long."""
    where = cast.begin()
    memory, cpu = watch(cast.receiver.pid, seconds)
    told = [line_of(sender) for sender in cast.senders]
    metrics = scraped(where) if receiver == "gateway" else {}
    cast.end()
    infos = [info for each in told for info in each["infos"]]
    return {
        "receiver": receiver,
        "seconds": seconds,
        "streams": options.streams,
        "cpu_percent_per_stream": 100 * cpu / options.streams,
        "streams_per_core": options.streams / cpu if cpu else 0.0,
        "memory_mb": memory[-1][1],
        "memory_mb_after_warm_up": memory[0][1],
        "memory_mb_per_minute": 60 * slope(memory),
        "frames_sent": sum(each["sent"] for each in told),
        "frames_received": sum(info["frames_received"] for info in infos),
        "results": sum(each["results"] for each in told),
        "results_by_stream": [n for each in told for n in each["results_by_stream"]],
        "faults": [fault for each in told for fault in each["faults"]],
        "infos": infos,
        "metrics": metrics,
    }


def watch(pid: int, seconds: float) -> tuple[list[tuple[float, float]], float]:
    """Memory by the second after the warm-up, and cores that were busy in that time."""
    time.sleep(seconds * WARM_UP)
    began, busy = time.monotonic(), cpu_seconds(pid)
    memory: list[tuple[float, float]] = []
    while (now := time.monotonic()) - began < seconds * (1 - WARM_UP) - 0.5:
        memory.append((now - began, resident_mb(pid)))
        time.sleep(0.5)
    return memory, (cpu_seconds(pid) - busy) / (time.monotonic() - began)


def scraped(where: dict[str, str]) -> dict[str, float]:
    root = re.sub(r"(://[^/]+)/.*", r"\1", where["url"])
    request = urllib.request.Request(  # noqa: S310 - our own, on loopback
        root + "/metrics", headers={"Authorization": f"Bearer {where['key']}"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        lines = response.read().decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def faults_of(run: dict[str, Any]) -> list[str]:
    """What does not hold: order, and the ledger of every stream and of the whole gateway."""
    faults = list(run["faults"])
    for info, results in zip(run["infos"], run["results_by_stream"], strict=True):
        kept = info["frames_kept"] + info["frames_unsampled"] + info["frames_waiting"]
        if info["frames_received"] != kept + sum(info["frames_dropped"].values()):
            faults.append(f"frames of {info['stream_id']} do not add up")
        answered = info["inferences_completed"]
        if info["clips_made"] != answered + info["clips_skipped"] + info["clips_pending"]:
            faults.append(f"clips of {info['stream_id']} do not add up")
        if results != answered:
            faults.append(f"{results} results came of {answered} answers")
    told = run["metrics"]
    for name, field in [
        ("overshoot_frames_received_total", "frames_received"),
        ("overshoot_frames_sampled_total", "frames_kept"),
        ("overshoot_clips_made_total", "clips_made"),
        ('overshoot_clips_total{outcome="answered"}', "inferences_completed"),
    ]:
        # The streams have ended by now: what /metrics tells has to outlive them.
        if told[name] != (counted := sum(info[field] for info in run["infos"])):
            faults.append(f"{name} is {told[name]:g}, all /info together {counted}")
    return faults


def table(runs: list[dict[str, Any]]) -> str:
    rows = [
        ("CPU of one stream, % of a core", "cpu_percent_per_stream", "14.2f"),
        ("streams a core bears", "streams_per_core", "14.1f"),
        ("memory at the end, MB", "memory_mb", "14.0f"),
        ("memory, MB a minute", "memory_mb_per_minute", "+14.2f"),
        ("frames sent", "frames_sent", "14d"),
        ("frames received", "frames_received", "14d"),
        ("results", "results", "14d"),
    ]
    head = f"{'':34}" + "".join(f"{run['receiver']:>14}" for run in runs)
    lines = [head, f"{'seconds':34}" + "".join(f"{run['seconds']:>14.0f}" for run in runs)]
    lines += [
        f"{name:34}" + "".join(f"{run[key]:>{form}}" for run in runs) for name, key, form in rows
    ]
    return "\n".join(lines)


def soak(options: argparse.Namespace) -> int:
    if options.cores:
        os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
    seconds = options.seconds or options.minutes * 60
    lengths = {"gateway": seconds, "aiortc": options.compare_seconds or min(seconds, 60.0)}
    # All at once: they have a lot to load, and those whose turn is later do nothing until then.
    casts = {name: Cast(name, options, length) for name, length in lengths.items()}
    runs = [measure(casts[name], name, options, length) for name, length in lengths.items()]
    faults = faults_of(runs[0])
    if options.json:
        print(json.dumps({"runs": runs, "faults": faults}))
        return bool(faults)
    what = f"{options.streams} streams of {options.width}x{options.height}, {options.fps} fps, VP8"
    cores = len(os.sched_getaffinity(0))
    print(f"{what}; {cores} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print(table(runs))
    print("\nin order, and everything adds up" if not faults else "\n".join(["", *faults[:20]]))
    return bool(faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, help="in place of --minutes")
    parser.add_argument("--compare-seconds", type=float, help="of stock aiortc; 60 at most else")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--cores", help="cores that all processes share, such as 0,1")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--role", choices=("gateway", "aiortc", "sender"), help=argparse.SUPPRESS)
    parser.add_argument("--senders", type=int, default=2, help="processes that send")
    parser.add_argument("--with-results", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role is None:
        return soak(options)
    asyncio.run(played(options))
    return 0


async def played(options: argparse.Namespace) -> None:
    """What a process of the soak does."""
    import soak_receivers
    import soak_sender

    if options.role == "gateway":
        await soak_receivers.gateway()
    elif options.role == "aiortc":
        await soak_receivers.StockAiortc().serve()
    else:
        loop = asyncio.get_running_loop()
        where = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
        told = await soak_sender.send(
            where["url"],
            where["key"],
            streams=options.streams,
            seconds=options.seconds,
            size=(options.width, options.height),
            fps=options.fps,
            with_results=options.with_results,
        )
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    sys.exit(main())
