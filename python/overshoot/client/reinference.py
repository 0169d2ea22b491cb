"""Asking again about a kept clip, and about a folder of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from overshoot.client.evidence_folder import EvidenceFolder, KeptClip
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.domain.action_question import action_prompt, comparable
from overshoot.domain.ending import SOURCE_ENDED
from overshoot.domain.reinference import Difference, Reinference, ReplayComparison, compare
from overshoot.domain.source import VideoFileSource
from overshoot.domain.tracking_verdict import TimedVerdict
from overshoot.domain.verdict import AnswerFault, verdicts_from
from overshoot.errors import StoreError, StreamEndedError

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult, Unsupported
    from overshoot.errors import OvershootError
    from overshoot.ports.inference import InferenceBackend

OnClip = Callable[[KeptClip, Sequence[Difference]], object]


@frozen(kw_only=True)
class ReplayOptions:
    """Whom kept clips are played to, and how the answers are judged.

    Attributes:
        inference: who answers in this process; None asks the gateway at ``api_url``.
        api_url: as for `RealtimeVisionConfig`.
        api_key: as for `RealtimeVisionConfig`; never shown.
        model: whom to ask in place of the model that was asked; None asks that one again.
        actions: ask about clips of these actions alone, and compare these; None takes all.
        min_confidence: what counts as detected, 0.0 to 1.0; None is what counted when it was kept.
        tolerance: how far apart two confidences may be, 0.0 to 1.0.
    """

    inference: InferenceBackend | None = None
    api_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    model: str | None = None
    actions: Sequence[str] | None = None
    min_confidence: float | None = None
    tolerance: float = 0.1


async def reinfer(
    clip: KeptClip, vision: RealtimeVisionConfig[Any], actions: Sequence[str]
) -> Reinference:
    """Play a kept clip to whoever ``vision`` names, and read the verdicts on ``actions``.

    The whole clip is played, as fast as it is answered; what ``vision`` says of source and
    callbacks is replaced.

    Raises:
        SourceError: the clip cannot be played.
        StreamEndedError: the gateway ended it before its end.
        ConfigurationError, ApiError, NetworkError: as `RealtimeVision.start`.
    """
    results: list[InferenceResult[Any]] = []
    faults: list[AnswerFault] = []

    def note(error: OvershootError) -> None:
        faults.append(AnswerFault("no_answer", error.message))

    asking = RealtimeVision(
        evolve(
            vision,
            source=VideoFileSource(clip.video, real_time=False),
            on_result=results.append,
            on_error=note,
        )
    )
    async with asking:
        end = await asking.wait_ended()
    if end.error is not None:
        raise end.error
    if end != SOURCE_ENDED:
        message = f"the clip {clip.name} was not played to its end ({end.reason})"
        raise StreamEndedError(message, reason=end.reason)
    verdicts: list[TimedVerdict] = []
    for result in results:
        read = verdicts_from(result, actions)
        faults.extend(read.faults)
        start, stop = _stretch(result, clip)
        verdicts.extend(
            TimedVerdict(each.action, each.detected, each.confidence, start, stop)
            for each in read.verdicts
        )
    return Reinference(
        prompt=vision.prompt,
        model=vision.model,
        answers=tuple(result.result for result in results if result.ok),
        verdicts=tuple(verdicts),
        faults=tuple(faults),
        unsupported=_each_once(item for result in results for item in result.unsupported),
    )


async def replay(
    folder: EvidenceFolder,
    first: str | None,
    second: str,
    options: ReplayOptions,
    on_clip: OnClip | None = None,
) -> ReplayComparison:
    """Ask two prompts about the same kept clips, one clip after the other, and compare.

    Args:
        folder: the clips.
        first: the first prompt; ``{actions}`` in it stands for the names that were asked for. None
            is the prompt that each clip was kept with, asked again.
        second: the other.
        options: whom to ask, and how to judge.
        on_clip: told of each clip and where the prompts differ on it.

    Raises:
        StoreError: there is no clip to ask about, or one cannot be read.
        SourceError, ConfigurationError, ApiError, NetworkError, StreamEndedError: as `reinfer`.
    """
    wanted = None if options.actions is None else {comparable(name) for name in options.actions}
    clips = agreements = 0
    differences: list[Difference] = []
    unsupported: list[Unsupported] = []
    for clip in folder:
        if wanted is not None and comparable(clip.action.action) not in wanted:
            continue
        clips += 1
        asked = clip.question
        actions = [name for name in asked.actions if wanted is None or comparable(name) in wanted]
        answers = [
            await reinfer(clip, _vision(clip, prompt, options), asked.actions)
            for prompt in (first, second)
        ]
        agreed, differing = compare(
            clip.name,
            actions,
            *answers,
            min_confidence=_or(options.min_confidence, asked.min_confidence),
            tolerance=options.tolerance,
        )
        agreements += agreed
        differences += differing
        unsupported += [item for answer in answers for item in answer.unsupported]
        if on_clip is not None:
            on_clip(clip, differing)
    if not clips:
        raise StoreError(f"{folder.path} holds no clip to ask about")
    return ReplayComparison(
        clips=clips,
        agreements=agreements,
        differences=tuple(differences),
        tolerance=options.tolerance,
        unsupported=_each_once(unsupported),
    )


def _vision(
    clip: KeptClip, prompt: str | None, options: ReplayOptions
) -> RealtimeVisionConfig[Any]:
    asked = clip.question
    text = asked.prompt if prompt is None else action_prompt(asked.actions, prompt)
    return RealtimeVisionConfig(
        api_url=options.api_url,
        api_key=options.api_key,
        inference=options.inference,
        prompt=text,
        output_schema=asked.output_schema,
        backend=asked.backend,
        model=asked.model if options.model is None else options.model,
        processing=asked.processing,
    )


def _stretch(result: InferenceResult[Any], clip: KeptClip) -> tuple[float, float]:
    """What part of the first stream an answer is about: the whole clip, where it does not say."""
    if result.timestamp is None:
        return clip.start, clip.record.clip.end
    end = clip.start + max(0.0, result.timestamp)
    start = end if result.timestamp_start is None else clip.start + result.timestamp_start
    return min(start, end), end


def _each_once(items: Iterable[Unsupported]) -> tuple[Unsupported, ...]:
    return tuple({item.asked: item for item in items}.values())


def _or(given: float | None, kept: float) -> float:
    return kept if given is None else given
