"""How far the analysis of a recording has come."""

from __future__ import annotations

from attrs import define, field, frozen


@frozen(kw_only=True)
class AnalysisProgress:
    """A moment of an analysis.

    Attributes:
        seconds: how much of the video has been answered about, on the video's own clock.
        total_seconds: how long the video is, as its container says, which may be about right; at
            the end as it turned out. None when nobody knows.
        frames: frames that have been read and handed over.
        actions: actions that have been found.
        speed: seconds of video per second of real time, since the beginning.
        eta_seconds: seconds of real time until the end, at that speed; None when nobody knows.
    """

    seconds: float
    total_seconds: float | None
    frames: int
    actions: int
    speed: float
    eta_seconds: float | None


@define
class ProgressMeter:
    """Reckons progress out of what has happened; knows no clock.

    Args:
        began_at: monotonic time of the beginning.
    """

    _began_at: float
    _total_seconds: float | None = field(default=None, init=False)
    _seconds: float = field(default=0.0, init=False)

    def opened(self, total_seconds: float | None) -> None:
        """The video was opened; how long it is, where that is known."""
        self._total_seconds = total_seconds

    def answered(self, timestamp: float | None) -> None:
        """An answer came, about the video up to this time; None where the gateway named none."""
        if timestamp is not None:
            self._seconds = max(self._seconds, timestamp)

    def ended(self) -> None:
        """All of the video has been answered about: it was as long as that."""
        self._total_seconds = self._seconds

    def at(self, now: float, *, frames: int, actions: int) -> AnalysisProgress:
        """The progress at this monotonic time."""
        passed = now - self._began_at
        speed = self._seconds / passed if passed > 0 else 0.0
        total = self._total_seconds
        if total is not None:
            total = max(total, self._seconds)
        return AnalysisProgress(
            seconds=self._seconds,
            total_seconds=total,
            frames=frames,
            actions=actions,
            speed=speed,
            eta_seconds=(total - self._seconds) / speed if total is not None and speed else None,
        )
