"""What a stream asks now, and which version of it that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

if TYPE_CHECKING:
    from overshoot.domain.inference import JsonSchema
    from overshoot.domain.stream import StreamInferenceConfig


@frozen
class StreamQuestion:
    """A question in force; a clip takes it whole, so that an answer knows what it answers.

    Attributes:
        config: prompt, model and schema.
        prompt_version: 0 for the first prompt, one more after each update.
        schema_version: 0 for the first schema, or for none; one more after each update.
    """

    config: StreamInferenceConfig
    prompt_version: int = 0
    schema_version: int = 0

    @property
    def version(self) -> tuple[int, int]:
        """Tells it from every other question of its stream."""
        return self.prompt_version, self.schema_version

    def with_prompt(self, prompt: str) -> StreamQuestion:
        """The next question: another prompt, the same schema."""
        config = evolve(self.config, prompt=prompt)
        return evolve(self, config=config, prompt_version=self.prompt_version + 1)

    def with_schema(self, schema: JsonSchema | None) -> StreamQuestion:
        """The next question: the same prompt, another schema, or free text with None."""
        config = evolve(self.config, output_schema_json=schema)
        return evolve(self, config=config, schema_version=self.schema_version + 1)
