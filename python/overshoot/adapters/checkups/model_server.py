"""A server of OpenAI's kind: whether it is there, takes the key, and has the model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import aiohttp

from overshoot.adapters.checkups.http_hops import asked
from overshoot.domain.checkup import Finding, broken, doubtful, fine
from overshoot.wire.json_text import is_array, is_object

if TYPE_CHECKING:
    from overshoot.domain.backends import OpenAIInference

_REFUSED: Final = frozenset({401, 403})
_SHOWN: Final = 8


class ModelServerCheck:
    """Address, key and list of models; whether it answers is looked at elsewhere."""

    name = "model server"

    def __init__(self, choice: OpenAIInference, model: str | None) -> None:
        self._choice = choice
        self._model = choice.model or model

    async def findings(self) -> AsyncIterator[Finding]:
        """Up to three."""
        url, key = self._choice.url, self._choice.api_key
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession() as session:
            answer = await asked(session, self.name, f"{url}/models", headers)
        if isinstance(answer, Finding):
            yield answer
            return
        yield fine(f"{self.name} port", f"something answers at {url}")
        if answer.status in _REFUSED:
            told = "the server wants a key" if key is None else "the server refuses the key"
            remedy = "set OVERSHOOT_BACKEND_KEY, or name a file with --backend-key-file"
            yield broken(f"{self.name} key", f"{told} ({answer.status})", remedy)
            return
        if not answer.good:
            told = f"{url}/models answered {answer.status}"
            remedy = "check that the address ends before /chat/completions"
            yield broken(f"{self.name} address", told, remedy)
            return
        yield self._model_finding(_models(answer.body))

    def _model_finding(self, models: list[str]) -> Finding:
        hop = f"{self.name} model"
        shown = ", ".join(models[:_SHOWN]) or "none"
        if self._model in models:
            return fine(hop, f"it has {self._model!r}", models=models)
        if len(models) == 1 and self._choice.model is None:
            return fine(hop, f"it has one model, {models[0]!r}, which will answer", models=models)
        named = "no model is named" if self._model is None else f"it lists no {self._model!r}"
        remedy = f"name one of its models with --model: {shown}"
        if not models:
            return doubtful(hop, "it lists no models", "name one with --model")
        return broken(hop, named, remedy, models=models)


def _models(body: bytes) -> list[str]:
    try:
        listed: object = json.loads(body)
    except ValueError:
        return []
    data: object = listed.get("data") if is_object(listed) else None
    items = data if is_array(data) else ()
    return [str(each["id"]) for each in items if is_object(each) and "id" in each]
