"""A web service whose visitors stream pictures and get answers: FastAPI in front of Overshoot.

    pip install overshoot-sdk fastapi 'uvicorn[standard]'
    uvicorn fastapi_app:app

A browser or phone opens ``/watch?prompt=…`` as a WebSocket, sends JPEG pictures as binary messages
and gets an answer about every half second, as JSON. ``GET /actions`` counts what was seen.
OVERSHOOT_API_URL and OVERSHOOT_API_KEY name the gateway; without them one runs in this process.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from overshoot import (
    ActionStore,
    DetectedAction,
    FrameError,
    OvershootError,
    OvershootStreamRelay,
    RelayResult,
)
from overshoot.gateway import LocalGateway

store = ActionStore()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if "OVERSHOOT_API_URL" in os.environ:
        app.state.api_url = app.state.api_key = None  # taken from the environment
        yield
        return
    async with LocalGateway() as gateway:
        app.state.api_url, app.state.api_key = gateway.url, gateway.api_key
        yield


app = FastAPI(lifespan=lifespan)


@app.websocket("/watch")
async def watch(socket: WebSocket, prompt: str = "What moves?") -> None:
    await socket.accept()

    async def answer(result: RelayResult) -> None:
        for name, confidence in result.get("detected", {}).items():
            store.add(DetectedAction(name, result["timestamp"] or 0.0, 0, confidence))
        await socket.send_json(result)

    relay = OvershootStreamRelay(
        api_url=app.state.api_url,
        api_key=app.state.api_key,
        prompt=prompt,
        on_result=answer,
    )
    try:
        async with relay:
            while True:
                picture = await socket.receive_bytes()
                try:
                    relay.push_frame(picture, encoding="jpeg")
                except FrameError as error:
                    await socket.send_json({"type": "error", "message": error.message})
    except WebSocketDisconnect:
        pass  # The visitor has gone; the relay has been stopped.
    except OvershootError as error:
        await socket.close(code=1011, reason=error.message[:120])


@app.get("/actions")
def actions() -> dict[str, int]:
    return store.summary()
