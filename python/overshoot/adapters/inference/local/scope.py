"""What a place in a schema is about: told by its name, the names around it, or the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from overshoot.adapters.inference.local.asking import asked_in, name_meaning
from overshoot.adapters.inference.local.vocabulary import (
    EXPERIMENTAL,
    NEEDS_NETWORKS,
    Mention,
    Subject,
)
from overshoot.domain.inference import Unsupported

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.asking import Asked
    from overshoot.adapters.inference.local.observation import Observation
    from overshoot.adapters.inference.local.vocabulary import Word

VISION_MODEL = "a gateway with a vision-language backend"
PULL = "overshoot models pull"
_ABOUT_CAMERA = {Subject.DIRECTION, Subject.MOTION}


@define
class Answering:
    """What one answer is made from, and what it could not tell."""

    observation: Observation
    asked: Asked
    networks_missing: str = ""
    unsupported: dict[str, Unsupported] = field(factory=dict[str, Unsupported])

    def cannot(self, asked: str, subject: Subject | None = None) -> None:
        """Note something that was asked for and could not be told."""
        if asked not in self.unsupported:
            self.unsupported[asked] = self.limit(asked, subject)

    def note_limit(self, said: str, mention: Mention) -> None:
        """Note that a known thing could not be told, where it could not."""
        seen, word = self.observation, mention.word
        if mention.subject in seen.untold():
            self.cannot(said, mention.subject)
        elif word is not None and word in EXPERIMENTAL and not seen.confidence(word):
            self.unsupported[said] = Unsupported(said, EXPERIMENTAL[word], VISION_MODEL)

    def limit(self, asked: str, subject: Subject | None) -> Unsupported:
        """Why, and what would help."""
        if subject in NEEDS_NETWORKS and subject in self.observation.untold():
            reason = self.networks_missing or "this clip was not looked at for it"
            return Unsupported(asked, reason, PULL if self.networks_missing else "a longer clip")
        if subject is not None and subject in self.observation.untold():
            return Unsupported(
                asked,
                "movement shows between pictures less than two seconds apart, of one scene, with "
                "some detail in them",
                "clips of two frames or more, or a higher sampling rate",
            )
        reason = "not on the fixed list of what the local backend can see in pixels"
        return Unsupported(asked, reason, VISION_MODEL)


@frozen
class Scope:
    """A place in the schema.

    Attributes:
        path: JSON path, such as ``$.person.age``.
        meaning: the known thing its name, or one around it, stands for.
        name: its own name, or that of the list it is an item of; "" at the top.
        named: whether any name on the way down was one that says something.
        label: the thing an entry is about, once an ``enum`` beside it said so.
        label_said: the word used for it; "" where there is no label.
    """

    path: str = "$"
    meaning: Mention | None = None
    name: str = ""
    named: bool = False
    label: Word | None = None
    label_said: str = ""

    def inside(self, name: str, description: str = "") -> Scope:
        """The scope of a property."""
        meaning = name_meaning(name)
        says = meaning is not None or not is_general(name)
        if meaning is None and is_general(name) and description:
            meaning = next(iter(asked_in(description).mentions), None)
        about_camera = self.meaning is not None and self.meaning.subject is Subject.CAMERA
        if meaning is None or (about_camera and meaning.subject in _ABOUT_CAMERA):
            meaning = self.meaning if not says or about_camera else None
        return evolve(
            self,
            path=f"{self.path}.{name}",
            meaning=meaning,
            name=name,
            named=self.named or says,
        )

    def item(self, index: int | None = None) -> Scope:
        """The scope of an item of a list."""
        return evolve(self, path=f"{self.path}[{'*' if index is None else index}]")

    def labelled(self, said: str, label: Word | None) -> Scope:
        """The scope of an entry that is about one thing."""
        return evolve(self, label=label, label_said=said)

    def meanings(self, asked: Asked) -> tuple[Mention, ...]:
        """What it is about: its own meaning, or else, where no name says more, the prompt's."""
        if self.meaning is not None:
            return (self.meaning,)
        return () if self.named else asked.mentions


GENERAL_NAMES = {
    "confidence": "confidence score probability certainty likelihood percent percentage",
    "flag": "detected present found visible seen shown active yes is occurring exists",
    "text": "description describe summary text answer caption scene observation result response "
    "output message details detail explanation reasoning reason note notes comment what value "
    "analysis content overview report status",
    "label": "action name label type kind class category event activity id title word item "
    "detection",
    "list": "actions detected objects items things detections results events activities labels "
    "entries list array data elements findings answers values",
    "count": "count total number amount num n",
}


def is_general(name: str) -> bool:
    """Whether a name says nothing of its own, so that the names around it, or the prompt, do."""
    return any(says(name, kind) for kind in GENERAL_NAMES)


def says(name: str, kind: str) -> bool:
    """Whether a name is made of words of one general kind (a key of ``GENERAL_NAMES``)."""
    from overshoot.adapters.inference.local.vocabulary import tokens

    words = tokens(name)
    general = {word for words in GENERAL_NAMES.values() for word in words.split()}
    own = set(GENERAL_NAMES[kind].split())
    return bool(words) and all(word in general for word in words) and words[-1] in own
