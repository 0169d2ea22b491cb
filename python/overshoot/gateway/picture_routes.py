"""Calls on the pictures themselves: previews, thumbnails, and questions that are asked once."""

from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from aiohttp import web

from overshoot import bootstrap
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceRequest
from overshoot.errors import FrameError, NotFoundError, ValidationError
from overshoot.gateway.handlers import Handlers, config_answer, json_answer
from overshoot.gateway.openapi import PICTURE_OPERATIONS
from overshoot.gateway.previews import Previews
from overshoot.wire import (
    decode_clip_question,
    decode_image_question,
    decode_schema_update,
    encode_completion,
)

if TYPE_CHECKING:
    from overshoot.application.serving import Serving
    from overshoot.gateway.billing import Billing
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.wire import ClipQuestion, ImageQuestion

_PREVIEW_FPS: Final = 5.0
_MOST_FPS: Final = 15.0
_LEAST_FPS: Final = 0.1
_PREVIEW_SIDE: Final = 640
_THUMBNAIL_SIDE: Final = 480
_LARGEST_SIDE: Final = 1280
_SMALLEST_SIDE: Final = 16
_QUALITY: Final = 80


class PictureRoutes(Handlers):
    """Handlers on top of the frames that streams keep; pictures are made in a thread of theirs."""

    def __init__(
        self,
        *,
        serving: Serving,
        keys: Keys,
        billing: Billing,
        settings: GatewaySettings,
        clock: Clock,
    ) -> None:
        super().__init__(serving=serving, keys=keys, settings=settings, clock=clock)
        self._billing = billing
        # Not the threads that convert video: who looks on must not hold that up.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="overshoot-gateway-pictures")
        self._previews = Previews(self.encode, settings, clock)

    def under(self, prefix: str) -> list[web.RouteDef]:
        """All routes with their paths under ``prefix``."""
        return self._routes(PICTURE_OPERATIONS, prefix)

    def stop(self) -> None:
        """End the thread, after the picture it is at."""
        self._executor.shutdown(cancel_futures=True)

    async def thumbnail(self, request: web.Request) -> web.Response:
        """The newest picture of a stream; `NotFoundError` before the first."""
        stream = self._stream(request)
        side = _side(request, _THUMBNAIL_SIDE)
        frame = stream.frames.buffer.newest_frame()
        if frame is None:
            msg = f"stream {stream.id} has no picture yet"
            raise NotFoundError(msg, code="no_frame")
        headers = {
            "Cache-Control": "no-store",
            "X-Frame-Index": str(frame.index),
            "X-Stream-Time": f"{frame.timestamp:.3f}",
        }
        picture = await self.encode(frame, side)
        return web.Response(body=picture, content_type="image/jpeg", headers=headers)

    async def preview(self, request: web.Request) -> web.StreamResponse:
        """Pictures of a stream until it ends; ``fps`` and ``side`` bound their rate and size."""
        stream = self._stream(request)
        fps = _number(request, "fps", _PREVIEW_FPS, _LEAST_FPS, _MOST_FPS)
        side = _side(request, _PREVIEW_SIDE)
        return await self._previews.serve(request, stream, fps=fps, side=side)

    async def update_schema(self, request: web.Request) -> web.Response:
        """Ask for answers of another shape from the next clip on."""
        stream = self._stream(request)
        body = await self._body(request, self._settings.json_bytes)
        stream.update_schema(decode_schema_update(body, limits=self._settings.limits))
        return config_answer(stream)

    async def ask_about_clip(self, request: web.Request) -> web.Response:
        """Ask something else about the clip of a result, as long as its frames are at hand."""
        owner = self._keys.authenticate(request)
        self._billing.admit(owner)
        body = await self._body(request, self._settings.json_bytes)
        question = decode_clip_question(body, limits=self._settings.limits)
        stream = self._serving.with_result(owner, question.result_id)
        frames = stream.clip_of(question.result_id)
        if frames is None:
            msg = (
                f"the frames of result {question.result_id} are gone: a stream keeps the newest"
                f" {self._settings.buffer.seconds:g} s and {self._settings.buffer.max_bytes} bytes"
            )
            raise NotFoundError(msg, code="clip_gone")
        return await self._ask(owner, question, frames)

    async def ask_about_image(self, request: web.Request) -> web.Response:
        """Ask about one picture that comes with the question."""
        owner = self._keys.authenticate(request)
        self._billing.admit(owner)
        body = await self._body(request, self._settings.image_body_bytes)
        question = decode_image_question(body, limits=self._settings.limits)
        loop = asyncio.get_running_loop()
        try:
            frame = await loop.run_in_executor(self._executor, _decoded, question.picture())
        except FrameError as error:
            raise ValidationError(f"image: {error.message}", details={"field": "image"}) from error
        return await self._ask(owner, question, (frame,))

    async def _ask(
        self, owner: str, question: ClipQuestion | ImageQuestion, frames: tuple[Frame, ...]
    ) -> web.Response:
        asked = InferenceRequest(
            prompt=question.prompt,
            model=question.model,
            frames=frames,
            mode="clip" if len(frames) > 1 else "frame",
            output_schema=question.output_schema,
            max_output_tokens=question.max_tokens,
        )
        answer = await self._serving.single.ask(owner, asked)
        return json_answer(encode_completion(str(uuid.uuid4()), question.model, answer))

    async def encode(self, frame: Frame, side: int) -> bytes:
        """A frame as a JPEG whose longer side is so many pixels at most."""
        encode = partial(bootstrap.encode_jpeg, frame, side=side, quality=_QUALITY)
        return await asyncio.get_running_loop().run_in_executor(self._executor, encode)


def _decoded(data: bytes) -> Frame:
    return Frame(bootstrap.decode_jpeg(data, _LARGEST_SIDE), 0.0, 0)


def _side(request: web.Request, default: int) -> int:
    return int(_number(request, "side", default, _SMALLEST_SIDE, _LARGEST_SIDE))


def _number(request: web.Request, name: str, default: float, least: float, most: float) -> float:
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        msg = f"{name} must be a number from {least:g} to {most:g}, got {text[:32]!r}"
        raise ValidationError(msg, details={"field": name})
    return value
