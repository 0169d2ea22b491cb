"""Which prompt an answer is to, so that stale answers can be told from fresh ones."""

from __future__ import annotations

from typing import Final

REMEMBERED: Final = 256


class PromptHistory:
    """The prompts of one stream: version 0 is the first, and each update makes one more.

    A gateway counts the updates of one connection, which are not all there are: some come while no
    connection is there, or while one is being opened, when only the last of them reaches it. So
    its number is believed where the text does not contradict it.
    """

    def __init__(self, first: str) -> None:
        self._prompts = [first]
        self._forgotten = 0

    @property
    def current(self) -> str:
        """What is to be asked now."""
        return self._prompts[-1]

    @property
    def version(self) -> int:
        """The version of ``current``."""
        return self._forgotten + len(self._prompts) - 1

    def begin_with(self, prompt: str) -> None:
        """Replace a first prompt that was never asked."""
        self._prompts = [prompt]

    def update(self, prompt: str) -> None:
        """Ask this from now on."""
        self._prompts.append(prompt)
        if len(self._prompts) > REMEMBERED:
            del self._prompts[0]
            self._forgotten += 1

    def take_back(self, prompt: str) -> None:
        """The gateway has refused what was to be asked: the one before it is asked on."""
        if len(self._prompts) > 1 and prompt == self.current:
            self._prompts.pop()

    def version_of(self, answered: str, counted: int | None) -> int | None:
        """The version of the prompt that an answer is to; None if that cannot be told.

        Args:
            answered: the prompt as the answer has it; gateways may have added to its end.
            counted: its version as the gateway counts, on the stream's own count; None if it
                gives none.
        """
        known = None if counted is None or counted > self.version else counted
        if not answered:
            return known
        fitting = {
            version: len(prompt)
            for version, prompt in enumerate(self._prompts, self._forgotten)
            if answered.startswith(prompt)
        }
        if known in fitting or not fitting:
            return known
        return max(fitting, key=lambda version: (fitting[version], version))
