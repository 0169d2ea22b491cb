"""Reading the actions that a gateway has kept: each owner sees his own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import evolve, frozen

from overshoot.application.exporting import export_text
from overshoot.domain.cursor import Cursor
from overshoot.domain.kept_action import KeptAction, shareable_metadata, sources_of
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import StoredAction
from overshoot.errors import NotFoundError, ServerError, StoreError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.action_keeping import ActionKeeping
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.stored import ActionSummary
    from overshoot.ports.store import Store

_log = get_logger(__name__)

T = TypeVar("T")

USUAL_PAGE: Final = 100
MOST_EXPORTED: Final = 50_000
"""Actions in one file; the newest, by the order that was asked for."""


@frozen
class ActionListing:
    """A part of a list of actions, and the cursor of the next; None at its end."""

    actions: list[KeptAction]
    next_cursor: str | None


class ActionArchive:
    """The actions of all owners in one store, read on threads of its own.

    A query is an `ActionQuery`; what it asks for is narrowed to its owner. ``text`` is part of an
    action's name, or, where no name has it, of the prompt. A store that fails is a `ServerError`.

    Args:
        store: the store, while the gateway runs.
        keeping: knows the actions that go on.
        has_clip: whether the clip of an action can be played; called on a thread.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        keeping: ActionKeeping,
        has_clip: Callable[[DetectedAction], bool],
    ) -> None:
        self._store = store
        self._keeping = keeping
        self._has_clip = has_clip
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="overshoot-archive")

    def stop(self) -> None:
        """End the threads, after what they are at."""
        self._threads.shutdown(cancel_futures=True)

    async def page(self, owner: str, query: ActionQuery, text: str | None = None) -> ActionListing:
        """A page of ``query.limit`` kept actions; before those of the first, those that go on."""
        found = await self._read(partial(self._page, owner, query, text))
        kept = {each.id for each in found.actions}
        if query.after is not None:
            return found
        going_on = [
            each
            for each in self._keeping.open_actions(owner)
            if each.id not in kept and _is_asked_for(each, query, text)
        ]
        return ActionListing([*going_on, *found.actions], found.next_cursor)

    async def summary(
        self, owner: str, query: ActionQuery, text: str | None = None
    ) -> list[ActionSummary]:
        """What has been kept of each name."""
        return await self._read(partial(self._summary, owner, query, text))

    async def export(self, owner: str, query: ActionQuery, text: str | None, format: str) -> bytes:
        """A file of the kept actions; nothing in it tells whose they are, or where files lie."""
        return await self._read(partial(self._export, owner, query, text, format))

    async def action(self, owner: str, action_id: str) -> DetectedAction:
        """One that was kept; `NotFoundError` where there is none, or it is another owner's."""
        query = ActionQuery(
            source=sources_of(owner), metadata={"action_id": action_id}, order="-added", limit=1
        )
        found = await self._read(lambda: self._store().select(query))
        if not found:
            msg = f"action {action_id[:64]!r} does not exist, or has not ended"
            raise NotFoundError(msg, code="action_not_found")
        return found[0].action

    def _page(self, owner: str, query: ActionQuery, text: str | None) -> ActionListing:
        limit = USUAL_PAGE if query.limit is None else query.limit
        wanted = evolve(self._narrowed(owner, query, text), limit=limit + 1)
        found = self._store().select(wanted)
        shown = found[:limit]
        more = len(found) > len(shown) and bool(shown)
        cursor = str(Cursor.of(query.order, shown[-1])) if more else None
        return ActionListing([self._kept(each) for each in shown], cursor)

    def _summary(self, owner: str, query: ActionQuery, text: str | None) -> list[ActionSummary]:
        return self._store().summarize(self._narrowed(owner, query, text))

    def _export(self, owner: str, query: ActionQuery, text: str | None, format: str) -> bytes:
        wanted = evolve(self._narrowed(owner, query, text), limit=MOST_EXPORTED)
        found = self._store().select(wanted)
        return export_text([_shareable(each.action) for each in found], format)

    def _narrowed(self, owner: str, query: ActionQuery, text: str | None) -> ActionQuery:
        query = evolve(query, source=sources_of(owner))
        if not text:
            return query
        names = {
            each.action
            for each in self._store().summarize(ActionQuery(source=sources_of(owner)))
            if text.casefold() in each.action.casefold()
        }
        if not names:
            return evolve(query, prompt_contains=text)
        return evolve(query, action=names if query.action is None else names & query.action)

    def _kept(self, stored: StoredAction) -> KeptAction:
        action = stored.action
        until = action.timestamp + (action.duration or 0.0)
        return KeptAction(action, open=False, seen_until=until, has_evidence=self._has_clip(action))

    async def _read(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except StoreError as error:
            _log.error("actions_not_read", why=error.message)
            msg = "the store of actions cannot be read at present; try again later"
            raise ServerError(msg, status_code=503, code="store_failed") from error


def _is_asked_for(kept: KeptAction, query: ActionQuery, text: str | None) -> bool:
    action = kept.action
    prompt = str(action.metadata.get("prompt", ""))
    if text and not any(text.casefold() in said.casefold() for said in (action.action, prompt)):
        return False
    return query.matches(StoredAction(0, action, 0.0), newest=action.timestamp, now=0.0)


def _shareable(action: DetectedAction) -> DetectedAction:
    return replace(action, metadata=shareable_metadata(action.metadata))
