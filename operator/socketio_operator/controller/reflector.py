"""List and watch of one kind into the store. Every change queues the cluster it belongs to."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import aiohttp

from socketio_operator.controller.api import ApiError, KubeApi
from socketio_operator.controller.store import Key, Store
from socketio_operator.desired.kinds import Kind
from socketio_operator.desired.metadata import MANAGED_SELECTOR

logger = logging.getLogger(__name__)

# The server sends a bookmark about once a minute; a watch that is silent for longer is dead.
WATCH_SECONDS = 240
SILENCE_SECONDS = 120.0
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Reflector:
    """Mirrors the operator's labelled objects of one kind in one namespace (None: all)."""

    def __init__(
        self, api: KubeApi, store: Store, kind: Kind, namespace: str | None, changed: Callable[[Key], None]
    ) -> None:
        self._api, self._store, self._kind, self._namespace = api, store, kind, namespace
        self._changed = changed
        self._heard = time.monotonic()
        self.synced = asyncio.Event()

    def __str__(self) -> str:
        return f"watch of {self._kind.plural}" + (f" in {self._namespace}" if self._namespace else "")

    @property
    def silence(self) -> float:
        """Seconds since the API server was last heard."""
        return time.monotonic() - self._heard

    async def run(self) -> None:
        """Lists, then watches from there, for ever; lists again after a loss (410) and retries what fails."""
        version, failures = "", 0
        while True:
            try:
                if not version:
                    version = await self._list()
                version = await self._watch(version)
                failures = 0
            except ApiError as error:
                if error.status == 410:
                    version = ""
                    continue
                failures = await self._pause(failures, error)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                failures = await self._pause(failures, error)

    async def _list(self) -> str:
        items, version = await self._api.list(self._kind, self._namespace, MANAGED_SELECTOR)
        self._heard = time.monotonic()
        for key in self._store.replace(self._kind.kind, self._namespace, items):
            self._changed(key)
        self.synced.set()
        return version

    async def _watch(self, version: str) -> str:
        watch = self._api.watch(self._kind, self._namespace, MANAGED_SELECTOR, version, WATCH_SECONDS)
        async with aclosing(watch) as events:
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    event = await anext(events, None)
                self._heard = time.monotonic()
                if event is None:
                    return version
                version = event[1]["metadata"]["resourceVersion"]
                self._take(*event)

    def _take(self, event: str, live: dict[str, Any]) -> None:
        if event == "BOOKMARK":
            return
        live = {**live, "apiVersion": self._kind.api_version, "kind": self._kind.kind}
        key = self._store.drop(live) if event == "DELETED" else self._store.put(live)
        if key:
            self._changed(key)

    async def _pause(self, failures: int, error: Exception) -> int:
        delay = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
        logger.warning("The %s failed, trying again in %.1f s: %r", self, delay, error)
        await asyncio.sleep(delay * random.uniform(0.8, 1.2))
        return failures + 1
