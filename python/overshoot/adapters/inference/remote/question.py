"""What a model elsewhere is told: the frames with their times, the prompt, the schema."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from overshoot.adapters.inference.answer_schema import compact
from overshoot.adapters.inference.remote.pictures import Picture, pictures_of

if TYPE_CHECKING:
    from overshoot.adapters.inference.answer_schema import SchemaReader
    from overshoot.domain.backends import RemoteInference
    from overshoot.domain.inference import FinishReason, InferenceRequest

_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL | re.IGNORECASE)
_NO_JSON = "Answer with JSON alone, without a fence and other words"


@frozen
class Correction:
    """An answer that was of no use, and why."""

    said: str
    fault: str

    @property
    def text(self) -> str:
        """What the model is told about it."""
        return (
            "That answer does not satisfy the JSON schema:"
            f" {self.fault}. {_NO_JSON}, that satisfies it."
        )


@frozen
class Reply:
    """What a model said.

    Attributes:
        text: its words; "" where it said none.
        finish_reason: why it stopped.
        refusal: why it would not answer, in words; "" where it did.
    """

    text: str
    finish_reason: FinishReason = "stop"
    refusal: str = ""

    @property
    def answer(self) -> str:
        """Its words without the thoughts that some servers leave in front of them."""
        return _THOUGHT.sub("", self.text, count=1)


@define
class Question:
    """One request, ready to be put to a model.

    Attributes:
        request: what is asked.
        model: whom.
        schema: what the answer must satisfy; None for free text.
        correction: what was wrong with the first answer, when it is asked again.
    """

    request: InferenceRequest
    model: str
    schema: SchemaReader | None
    settings: RemoteInference
    correction: Correction | None = None
    _shown: dict[int | None, tuple[Picture, ...]] = field(
        factory=dict[int | None, tuple[Picture, ...]], repr=False
    )

    async def pictures(self, most: int | None = None) -> tuple[Picture, ...]:
        """The frames as JPEGs, made once; see `pictures_of`."""
        if most not in self._shown:
            self._shown[most] = await asyncio.to_thread(
                pictures_of, self.request.frames, self.settings, most=most
            )
        return self._shown[most]

    async def parts(self, most: int | None = None) -> list[str | Picture]:
        """Text and pictures in the order in which they are told."""
        pictures = await self.pictures(most)
        return [*_told(pictures, self.request), self._asked()]

    @property
    def max_output_tokens(self) -> int | None:
        """Limit of the answer's length; None where there is none."""
        return self.request.max_output_tokens or self.settings.max_output_tokens

    def _asked(self) -> str:
        if self.schema is None:
            return self.request.prompt
        # Also where the server enforces it: that tells the model what the fields mean.
        schema = compact(self.schema.schema)
        return f"{self.request.prompt}\n\n{_NO_JSON}, that satisfies this JSON schema:\n{schema}"


def _told(pictures: tuple[Picture, ...], request: InferenceRequest) -> list[str | Picture]:
    first, last = pictures[0].times[0], pictures[-1].times[-1]
    if request.mode == "frame":
        return [f"A still from a video at {first:.2f} s.", *pictures]
    if len(pictures) == 1 and len(pictures[0].times) > 1:
        return [
            f"One picture with {len(pictures[0].times)} frames of a video from {first:.2f} s to"
            f" {last:.2f} s in a grid of {pictures[0].columns} columns, in order from left to"
            " right and from top to bottom, each with its time in its upper left corner.",
            *pictures,
        ]
    parts: list[str | Picture] = [
        f"Frames of a video from {first:.2f} s to {last:.2f} s, in order, each after its time."
    ]
    for picture in pictures:
        parts += [f"t={picture.times[0]:.2f} s", picture]
    return parts
