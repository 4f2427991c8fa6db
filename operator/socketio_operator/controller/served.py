"""Kinds that the API server may not serve: asked for now and then, and watched while they are served.

A list of a kind that is not served would answer 404 for ever, and so hold up the start of everything else.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterator
from itertools import groupby

import aiohttp

from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.reflector import Reflector
from socketio_operator.desired.kinds import Kind

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
# While a cluster waits for a kind to be installed, or a watch hears that its kind is unknown.
AWAITED_SECONDS = 5.0
RETRY_SECONDS = 2.0
# One that cannot be listed, for want of rights for example, holds up nobody for longer.
LIST_SECONDS = 15.0


class ServedKinds:
    """The optional kinds of one operator.

    `reflectors` makes those of a kind, `gone` forgets its objects, `changed` is told when the set has changed, and
    `is_awaited` whether a cluster waits for a kind.
    """

    def __init__(
        self,
        api: KubeApi,
        kinds: Collection[Kind],
        reflectors: Callable[[Kind], list[Reflector]],
        gone: Callable[[Kind], None],
        changed: Callable[[], None],
        is_awaited: Callable[[], bool],
    ) -> None:
        self._api, self._make, self._gone = api, reflectors, gone
        self._changed, self._is_awaited = changed, is_awaited
        self._kinds = sorted(kinds)
        self._running: dict[Kind, list[tuple[Reflector, asyncio.Task[None]]]] = {}
        self.unserved = frozenset(kind.kind for kind in self._kinds)

    @property
    def reflectors(self) -> Iterator[Reflector]:
        """Those that run."""
        return (reflector for running in self._running.values() for reflector, _ in running)

    async def begin(self) -> None:
        """The first look: it returns once each kind is known to be served, and listed, or not to be."""
        is_known = await self.look()
        while not is_known:
            await asyncio.sleep(RETRY_SECONDS)
            is_known = await self.look()

    async def run(self) -> None:
        """Looks again and again, for ever."""
        looked = time.monotonic()
        while True:
            # A cluster may begin to wait at any time, and a kind may go: the longer pause is not one sleep.
            await asyncio.sleep(AWAITED_SECONDS)
            is_doubtful = self._is_awaited() or any(reflector.is_unknown for reflector in self.reflectors)
            if is_doubtful or time.monotonic() - looked >= LOOK_SECONDS:
                await self.look()
                looked = time.monotonic()

    async def look(self) -> bool:
        """Asks once. Returns whether all groups answered; of one that did not, all stays as it is."""
        served, answered = {kind for kind in self._kinds if kind.kind not in self.unserved}, True
        for version, group in groupby(self._kinds, lambda kind: kind.api_version):
            kinds = list(group)
            try:
                plurals = await self._api.resources(version)
            except (ApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                logger.warning("Could not check whether %s is served: %s", version, error)
                answered = False
                continue
            served = (served - set(kinds)) | {kind for kind in kinds if kind.plural in plurals}
        await self._follow(served)
        return answered

    async def _follow(self, served: set[Kind]) -> None:
        unserved = frozenset(kind.kind for kind in self._kinds if kind not in served)
        if unserved == self.unserved:
            return
        for kind in self._running.keys() - served:
            logger.info("%s of %s is no longer served", kind.kind, kind.api_version)
            await self._end(kind)
        started = sorted(served - self._running.keys())
        for kind in started:
            logger.info("%s of %s is served", kind.kind, kind.api_version)
            self._running[kind] = [(one, asyncio.create_task(one.run())) for one in self._make(kind)]
        await self._listed(started)
        self.unserved = unserved
        self._changed()

    async def _listed(self, kinds: list[Kind]) -> None:
        """Until these are listed: before that, children of them that exist would seem to be missing."""
        lists = [reflector.synced.wait() for kind in kinds for reflector, _ in self._running[kind]]
        try:
            await asyncio.wait_for(asyncio.gather(*lists), LIST_SECONDS)
        except TimeoutError:
            logger.warning("Not all kinds that are served could be listed yet: %s", ", ".join(k.kind for k in kinds))

    async def _end(self, kind: Kind) -> None:
        tasks = [task for _, task in self._running.pop(kind)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._gone(kind)

    async def stop(self) -> None:
        """Ends all watches."""
        for kind in list(self._running):
            await self._end(kind)
