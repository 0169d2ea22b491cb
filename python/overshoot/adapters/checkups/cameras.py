"""Cameras: whether there is one that this user may open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from overshoot.domain.checkup import Finding, doubtful, fine, passed_over

if TYPE_CHECKING:
    from overshoot.domain.camera import Camera


class CameraCheck:
    """What the system lists; none is opened for pictures, which would light its lamp."""

    name = "camera"

    def __init__(self, cameras: Callable[[], list[Camera]]) -> None:
        self._cameras = cameras

    async def findings(self) -> AsyncIterator[Finding]:
        """One a camera."""
        found = await asyncio.to_thread(self._cameras)
        if not found:
            remedy = "plug one in or pass its device into the container, if one is wanted"
            yield passed_over(self.name, "this machine has none", remedy)
        for camera in found:
            hop = f"{self.name} {camera.device}"
            if camera.problem:
                yield doubtful(hop, camera.problem, "")
            else:
                yield fine(hop, f"{camera.name or 'it'} is there", modes=len(camera.modes))
