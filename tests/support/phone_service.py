"""A web service that phones stream to: what they film goes to Overshoot, and answers come back.

A phone opens a WebSocket at ``/ws`` and says what it wants to know::

    {"type": "config", "width": 640, "height": 480,
     "inference": {"prompt": "...", "model": "...", "backend": "...", "output_schema_json": {...}},
     "processing": {"fps": 15, "sampling_ratio": 0.8, ...}}

Then it sends pictures, as binary messages (a timestamp as little-endian float64, then a JPEG or
``width * height * 3`` bytes of RGB) or as ``{"type": "frame", "timestamp", "data": base64}``.
``{"type": "update_prompt", "prompt"}`` asks something else; ``{"type": "stop"}`` ends it. The
actions that were seen stay at ``/sessions/{id}/actions`` and ``/sessions/{id}/summary``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import struct
from contextlib import suppress
from typing import Any
from uuid import uuid4

import numpy as np
from aiohttp import WSMsgType, web

from overshoot import (
    ActionStore,
    ApiError,
    DetectedAction,
    FrameError,
    OvershootError,
    OvershootStreamRelay,
    RelayResult,
    ValidationError,
)

log = logging.getLogger(__name__)

MIN_CONFIDENCE = 0.6
TIMESTAMP = struct.Struct("<d")


def as_error(error: OvershootError) -> dict[str, Any]:
    """What the phone is told when something went wrong."""
    code = error.status_code if isinstance(error, ApiError) else 500
    return {"type": "error", "status_code": code, "message": error.message}


class PhoneSession:
    """One phone: its socket, its relay, its actions."""

    def __init__(
        self, socket: web.WebSocketResponse, config: dict[str, Any], api_url: str, api_key: str
    ) -> None:
        self.id = uuid4().hex
        self.socket = socket
        self.store = ActionStore()
        self.size = (config["width"], config["height"])
        inference = dict(config["inference"])
        self.relay = OvershootStreamRelay(
            api_url=api_url,
            api_key=api_key,
            on_result=self.on_result,
            on_error=lambda error: self.send(as_error(error)),
            output_schema=inference.pop("output_schema_json", None),
            width=self.size[0],
            height=self.size[1],
            **inference,
            **config.get("processing", {}),
        )

    async def send(self, message: dict[str, Any]) -> None:
        with suppress(ConnectionError):  # The phone is gone; its socket will say so.
            await self.socket.send_json(message)

    async def on_result(self, result: RelayResult) -> None:
        if result["type"] == "inference":
            self.remember(result)
        await self.send(result)

    def remember(self, result: RelayResult) -> None:
        try:
            answer = json.loads(result["result"])
        except ValueError:
            return  # Plain text: there was no schema.
        seen = answer.get("detected_actions", []) if isinstance(answer, dict) else []
        self.store.add_many(
            DetectedAction(
                action=each["action"],
                timestamp=result["timestamp"] or 0.0,
                frame_number=result["frame_end"] or 0,
                confidence=each["confidence"],
                metadata={"prompt": result["prompt"], "latency_ms": result["total_latency_ms"]},
            )
            for each in seen
            if each["detected"] and each["confidence"] >= MIN_CONFIDENCE
        )

    def push(self, picture: bytes, timestamp: float) -> None:
        if not self.relay.is_running:
            return
        width, height = self.size
        if len(picture) == width * height * 3:
            rgb = np.frombuffer(picture, np.uint8).reshape(height, width, 3)
            self.relay.push_frame(rgb, timestamp)
        else:
            self.relay.push_frame(picture, timestamp, encoding="jpeg")

    async def connect(self) -> None:
        """The slow part, while the phone sends its first pictures already."""
        try:
            await self.send({"type": "connected", "gateway_stream_id": await self.relay.connect()})
        except OvershootError as error:
            await self.send(as_error(error))
            await self.socket.close()

    async def receive(self) -> None:
        """Serve the phone until it stops or is gone."""
        async for message in self.socket:
            try:
                if message.type is WSMsgType.BINARY:
                    (timestamp,) = TIMESTAMP.unpack_from(message.data)
                    self.push(message.data[TIMESTAMP.size :], timestamp)
                elif not await self.obey(json.loads(message.data)):
                    break
            except OvershootError as error:
                await self.send(as_error(error))
            except (ValueError, KeyError, TypeError, struct.error, binascii.Error) as error:
                await self.send(as_error(FrameError(f"not a message of this service: {error!r}")))

    async def obey(self, message: dict[str, Any]) -> bool:
        """Do what a JSON message says; False when it was the last."""
        match message["type"]:
            case "frame":
                self.push(base64.b64decode(message["data"]), float(message["timestamp"]))
            case "update_prompt":
                await self.relay.update_prompt(message["prompt"])
                await self.send({"type": "prompt_updated", "prompt": message["prompt"]})
            case "stop":
                await self.relay.stop()
                await self.send({"type": "stopped"})
                return False
            case other:
                raise ValueError(f"there is no message of type {other!r}")
        return True


class PhoneService:
    """The sessions that run, the actions of all that ever ran, and the routes to them."""

    def __init__(self, api_url: str, api_key: str) -> None:
        self.api_url = api_url
        self.api_key = api_key
        self.stores: dict[str, ActionStore] = {}
        self.running: dict[str, PhoneSession] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/ws", self.phone)
        app.router.add_get("/sessions/{id}/actions", self.actions)
        app.router.add_get("/sessions/{id}/summary", self.summary)
        app.router.add_post("/sessions/{id}/feedback", self.feedback)
        return app

    async def phone(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=16 * 2**20, heartbeat=20)
        await socket.prepare(request)
        try:
            config = await socket.receive_json(timeout=10)
            session = PhoneSession(socket, config, self.api_url, self.api_key)
            await session.relay.prepare()
        except ApiError as error:
            await socket.send_json(as_error(error))
        except (KeyError, TypeError, ValueError) as error:
            await socket.send_json(as_error(ValidationError(f"no configuration: {error!r}")))
        else:
            await self.serve(session)
        await socket.close()
        return socket

    async def serve(self, session: PhoneSession) -> None:
        self.stores[session.id], self.running[session.id] = session.store, session
        connecting = asyncio.create_task(session.connect())
        try:
            await session.send({"type": "ready", "stream_id": session.id})
            await session.receive()
        finally:
            del self.running[session.id]
            await session.relay.stop()
            await connecting
            log.info("phone %s is gone: %s", session.id, session.relay.stats().frames)

    def store_of(self, request: web.Request) -> ActionStore:
        try:
            return self.stores[request.match_info["id"]]
        except KeyError:
            raise web.HTTPNotFound(text="there is no such session") from None

    async def actions(self, request: web.Request) -> web.Response:
        filters: dict[str, Any] = {
            name: value if name == "action" else float(value)
            for name, value in request.query.items()
        }
        try:
            found = self.store_of(request).get_actions(**filters)
        except ApiError as error:
            return web.json_response({"detail": error.message}, status=error.status_code)
        return web.json_response([action.to_dict() for action in found])

    async def summary(self, request: web.Request) -> web.Response:
        return web.json_response(self.store_of(request).summary())

    async def feedback(self, request: web.Request) -> web.Response:
        self.store_of(request)
        session, given = self.running.get(request.match_info["id"]), await request.json()
        if session is None:
            raise web.HTTPConflict(text="the session is over")
        try:
            await session.relay.submit_feedback(
                given["rating"], given["category"], given.get("feedback", "")
            )
        except ApiError as error:
            return web.json_response({"detail": error.message}, status=error.status_code)
        return web.json_response({"status": "ok"})
