"""List and watch of one kind into the store. Every change queues the clusters that it concerns."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import Any, Protocol

import aiohttp

from socketio_operator.controller.api import UNREAD, KubeApi
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.key import Key
from socketio_operator.desired.kinds import Kind
from socketio_operator.desired.metadata import MANAGED_SELECTOR

logger = logging.getLogger(__name__)

# The server sends a bookmark about once a minute; a watch that is silent for longer is dead.
WATCH_SECONDS = 240
SILENCE_SECONDS = 120.0
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
NOT_FOUND = 404
GONE = 410
COMPARE_SECONDS = 5.0


class Shelf(Protocol):
    """Where objects of one kind are kept. Each method returns the clusters concerned."""

    def put(self, live: dict[str, Any]) -> Iterable[Key]:
        """An object exists."""

    def drop(self, live: dict[str, Any]) -> Iterable[Key]:
        """An object is gone."""

    def compare(self, listed: list[dict[str, Any]]) -> Iterable[Key]:
        """Forgets what is kept in another version than the metadata listed here say: it is read when it matters."""

    def begin(self) -> None:
        """A list begins; what one before it told that never ended counts no more."""

    def take(self, live: dict[str, Any]) -> None:
        """An object of a list that is under way."""

    def finish(self, version: int) -> Iterable[Key]:
        """The list is complete: nothing else exists."""


class Reflector:
    """Mirrors the operator's labelled objects of one kind in one namespace (None: all)."""

    def __init__(
        self, api: KubeApi, shelf: Shelf, kind: Kind, namespace: str | None, changed: Callable[[Key], None]
    ) -> None:
        self._api, self._shelf, self._kind, self._namespace = api, shelf, kind, namespace
        self._changed = changed
        self._heard = time.monotonic()
        self._version = ""
        self._comparison: asyncio.Task[None] | None = None
        self.synced = asyncio.Event()
        # The API server says that it does not serve the kind.
        self.is_unknown = False

    def __str__(self) -> str:
        return f"watch of {self._kind.plural}" + (f" in {self._namespace}" if self._namespace else "")

    @property
    def silence(self) -> float:
        """Seconds since the API server was last heard."""
        return time.monotonic() - self._heard

    async def run(self) -> None:
        """Lists, then watches from there, for ever. A watch that breaks goes on from its last event.

        One whose past is gone (410), or that brought what cannot be read, begins with a list again, after a pause.
        """
        failures = 0
        while True:
            heard = self._heard
            try:
                if not self._version:
                    await self._list()
                await self._watch()
                failures = 0
            except Exception as error:
                # Whatever it is: one broken watch must not stop the others, and is not mended by a restart.
                if not isinstance(error, aiohttp.ClientError | TimeoutError | OSError) and not _is_passing(error):
                    self._version = ""
                failures = await self._pause(failures if self._heard == heard else 0, error)

    async def _list(self) -> None:
        pages = self._api.pages(self._kind, self._namespace, MANAGED_SELECTOR, self._kind.metadata_only)
        version = ""
        self._shelf.begin()
        async with aclosing(pages) as found:
            async for items, version in found:  # noqa: B007  # the version of the last page is that of the list
                self._heard = time.monotonic()
                for live in items:
                    self._guarded(self._shelf.take, live)
        self.is_unknown = False
        for key in self._shelf.finish(int(version)):
            self._changed(key)
        self._version = version
        self.synced.set()

    async def _watch(self) -> None:
        watch = self._api.watch(self._kind, self._namespace, MANAGED_SELECTOR, self._version, WATCH_SECONDS)
        async with asyncio.timeout(SILENCE_SECONDS) as silence, aclosing(watch) as events:
            while True:
                event = await anext(events, None)
                self._heard = time.monotonic()
                silence.reschedule(asyncio.get_running_loop().time() + SILENCE_SECONDS)
                if event is None:
                    return
                if event[0] == UNREAD:
                    self._look_soon()
                    continue
                self._take(*event)
                self._version = event[1]["metadata"]["resourceVersion"]

    def _look_soon(self) -> None:
        """An object has become too large to be read: which one, its metadata say. Not more often than is good."""
        if self._comparison is None or self._comparison.done():
            self._comparison = asyncio.create_task(self._compare())

    async def _compare(self) -> None:
        await asyncio.sleep(COMPARE_SECONDS)
        logger.warning("An object that the %s reported is too large to read", self)
        try:
            await self._compare_metadata()
        except (ApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.warning("The %s could not be compared with a list: %s", self, error)
            self._version = ""

    async def _compare_metadata(self) -> None:
        pages = self._api.pages(self._kind, self._namespace, MANAGED_SELECTOR, metadata_only=True)
        async with aclosing(pages) as found:
            async for items, _ in found:
                for key in self._shelf.compare(items):
                    self._changed(key)

    def _take(self, event: str, live: dict[str, Any]) -> None:
        if event == "BOOKMARK":
            return
        live = {**live, "apiVersion": self._kind.api_version, "kind": self._kind.kind}
        for key in self._guarded(self._shelf.drop if event == "DELETED" else self._shelf.put, live) or ():
            self._changed(key)

    def _guarded(self, keep: Callable[[dict[str, Any]], Iterable[Key] | None], live: dict[str, Any]) -> Any:
        """One object that cannot be understood is left out; the others are not."""
        try:
            return keep(live)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            meta = live.get("metadata", {})
            logger.exception("%s %s/%s is left out", self._kind.kind, meta.get("namespace"), meta.get("name"))
            return None

    async def _pause(self, failures: int, error: Exception) -> int:
        self.is_unknown = isinstance(error, ApiError) and error.status == NOT_FOUND
        delay = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
        if isinstance(error, ApiError):
            delay = max(delay, error.retry_after)
        expected = isinstance(error, ApiError | aiohttp.ClientError | TimeoutError | OSError | ValueError)
        logger.warning(
            "The %s failed, trying again in %.1f s: %r", self, delay, error, exc_info=None if expected else error
        )
        await asyncio.sleep(delay * random.uniform(1.0, 1.2))
        return failures + 1


def _is_passing(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.status != GONE
