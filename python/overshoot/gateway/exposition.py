"""Metrics as text, in the Prometheus exposition format 0.0.4.

Families come sorted in the order they were made, each with its help and type before its samples.
There is no registry: a gateway that is asked writes down what it knows at that moment, and several
gateways of one process have nothing in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from overshoot.domain.histogram import Histogram

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Labels: TypeAlias = Mapping[str, str]
_NONE: Final[Labels] = {}


class Exposition:
    """Collects samples; `text` is all of them. Names are without the prefix ``overshoot_``."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def counter(self, name: str, about: str, value: float, labels: Labels = _NONE) -> None:
        """A count that never falls; ``name`` ends with ``_total``."""
        self.counters(name, about, [(labels, value)])

    def counters(self, name: str, about: str, samples: list[tuple[Labels, float]]) -> None:
        """A count by labels."""
        self._family(name, about, "counter", samples)

    def gauge(self, name: str, about: str, value: float, labels: Labels = _NONE) -> None:
        """A value of now."""
        self.gauges(name, about, [(labels, value)])

    def gauges(self, name: str, about: str, samples: list[tuple[Labels, float]]) -> None:
        """Values of now by labels."""
        self._family(name, about, "gauge", samples)

    def histograms(self, name: str, about: str, samples: list[tuple[Labels, Histogram]]) -> None:
        """Distributions by labels."""
        self._head(name, about, "histogram")
        for labels, histogram in samples:
            bounds = [*(_number(bound) for bound in histogram.bounds), "+Inf"]
            for bound, count in zip(bounds, histogram.up_to(), strict=True):
                self._sample(name + "_bucket", {**labels, "le": bound}, count)
            self._sample(name + "_sum", labels, histogram.total)
            self._sample(name + "_count", labels, histogram.count)

    @property
    def text(self) -> str:
        """Everything, with a line feed at its end."""
        return "\n".join([*self._lines, ""])

    def _family(
        self,
        name: str,
        about: str,
        kind: Literal["counter", "gauge"],
        samples: list[tuple[Labels, float]],
    ) -> None:
        self._head(name, about, kind)
        for labels, value in samples:
            self._sample(name, labels, value)

    def _head(self, name: str, about: str, kind: str) -> None:
        escaped = about.replace("\\", r"\\").replace("\n", r"\n")
        self._lines += [f"# HELP overshoot_{name} {escaped}", f"# TYPE overshoot_{name} {kind}"]

    def _sample(self, name: str, labels: Labels, value: float) -> None:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        self._lines.append(f"overshoot_{name}{f'{{{told}}}' if told else ''} {_number(value)}")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(value)
