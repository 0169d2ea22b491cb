"""What a prompt asks for, as far as this backend can understand it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.adapters.inference.local.vocabulary import (
    Mention,
    Subject,
    labels,
    phrases,
    short_phrases,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LONGEST_PHRASE = 6
_MOST_UNKNOWN = 6
# The camera has directions and motion of its own: next to it, these words are about it.
_GIVES_WAY_TO_CAMERA = {Subject.DIRECTION, Subject.MOTION}

# Words that ask, join or order, and name nothing that could be seen.
_FILLER = frozenset(
    tokens("""
    a about action actions activities activity all also am amount an and answer any anything are
    array as ask at attention available back be been being both brief briefly but by can carefully
    case caption change check class clearly clip comma concise confidence content count current
    currently data describe described description detail detailed details detect detected detecting
    detection did do does doing done each either else english event events ever every everything
    explain false field fields find first follow following for format found frame frames from give
    given gives go going happen happening happens has have here how i identify if image images in
    include indicate info information is isnt it items its itself json just keep key kind know last
    less level like list look looking looks made make many may me mention message mode more most
    much my
    name need new no none not note nothing now null number object objects observe observed of off
    often on once one only or other others otherwise our out output over own part perform performed
    performing perhaps picture please possible present probability provide question quickly rate
    real recent recognise recognize reply report respond response result results return returned
    returns same say scene schema score second seconds see seen sentence sentences short
    should show showing shown shows single so some something stream string summarise summarize
    summary tell text than that the their them then there these thing things this those time to
    told true try two type types under unknown until up upon us use using value values very video
    view visible was watch way we well were what whats when whenever where whether which while who
    whom whose why will with within word words would write yes you your
    """)
)
# Too general to be missed when something known is asked in the same prompt.
_PEOPLE = frozenset(
    tokens("""
    anybody anyone boy child children everybody everyone girl he her him his human humans
    kid man men participant participants people person persons she somebody someone speaker
    subject they user users viewer woman women
    """)
)


@frozen
class Asked:
    """What was found in a text.

    Attributes:
        mentions: known things, in the order of the text, each once.
        unknown: what else seems to be asked for.
    """

    mentions: tuple[Mention, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What the known things are about, in order, each once."""
        return tuple(dict.fromkeys(mention.subject for mention in self.mentions))


def asked_in(prompt: str) -> Asked:
    """What a prompt asks for; nothing known and nothing unknown means everything there is."""
    found, rest = _split(tokens(prompt), phrases())
    subjects = dict.fromkeys(mention.subject for mention in found)
    for subject in subjects:
        more, rest = _split(rest, short_phrases(subject))
        found = [*found, *more]
    mentions = tuple(dict.fromkeys(_about_camera(found)))
    unknown = _groups(rest, forgive_people=bool(mentions))
    return Asked(mentions, unknown)


def label_meaning(label: str, subject: Subject | None) -> Mention | None:
    """What a label means as a whole, such as a word of an ``enum`` or the name of a property."""
    said = tuple(tokens(label))
    if not said:
        return None
    if subject is not None and said in short_phrases(subject):
        return short_phrases(subject)[said]
    return labels().get(said)


def name_meaning(name: str) -> Mention | None:
    """What the name of a property is about, though it may say more: ``is_waving_now``."""
    whole = label_meaning(name, None)
    if whole is not None:
        return whole
    found, _ = _split(tokens(name), labels())
    found = list(_about_camera(found))
    named = [mention for mention in found if mention.word is not None]
    return next(iter(named or found), None)


def _split(
    words: Sequence[str | None], table: Mapping[tuple[str, ...], Mention]
) -> tuple[list[Mention], list[str | None]]:
    """Known phrases, longest first, and the words between them; None marks where one was."""
    found: list[Mention] = []
    rest: list[str | None] = []
    i = 0
    while i < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - i), 0, -1):
            said = tuple(word or "" for word in words[i : i + length])
            if said in table:
                found.append(table[said])
                rest.append(None)
                i += length
                break
        else:
            rest.append(words[i])
            i += 1
    return found, rest


def _about_camera(found: Iterable[Mention]) -> Iterable[Mention]:
    mentions = list(found)
    if not any(mention.subject is Subject.CAMERA for mention in mentions):
        return mentions
    kept: list[Mention] = []
    for mention in mentions:
        if mention.subject not in _GIVES_WAY_TO_CAMERA:
            kept.append(mention)
            continue
        short = tuple(tokens(mention.said))[-1:]
        meant = short_phrases(Subject.CAMERA).get(short)
        if meant is not None:
            kept.append(meant)
    return kept


def _groups(rest: Sequence[str | None], *, forgive_people: bool) -> tuple[str, ...]:
    """Neighbouring words that mean something unknown, as phrases."""
    groups: list[list[str]] = [[]]
    for word in rest:
        dull = word is None or word in _FILLER or word.isdigit() or len(word) == 1
        if dull or (forgive_people and word in _PEOPLE):
            groups.append([])
        elif word is not None:
            groups[-1].append(word)
    said = dict.fromkeys(" ".join(group) for group in groups if group)
    return tuple(said)[:_MOST_UNKNOWN]
