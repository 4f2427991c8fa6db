"""The watch of SocketIOClusters, which is Kopf's, with what it lacks.

Kopf's part is small on purpose: login and one event handler that hands a resource over. It writes nothing. What is
beside it: Kopf is started again when it gives up; a sweep finds clusters that ended unseen, as Kopf tells of no
deletion that a relist passed over; and the same sweep notices when Kopf's watch has died.
"""

import asyncio
import logging
import random
import signal
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import aiohttp
import kopf

from socketio_operator.api import GROUP, PLURAL, VERSION
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.key import Key
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import CLUSTER

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 120.0
RESTART_SECONDS = 2.0


class ClusterWatch:
    """Watches clusters in some namespaces (none: all). `changed` takes a key and whether the cluster is there."""

    def __init__(
        self, api: KubeApi, store: Store, namespaces: tuple[str, ...], changed: Callable[[Key, bool], None]
    ) -> None:
        self._api, self._store, self._namespaces, self._changed = api, store, namespaces, changed
        self._behind: dict[Key, int] = {}
        self._logins = 0
        self._stop = asyncio.Event()
        self.listed = asyncio.Event()
        self.is_dead = False

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT."""
        stopped = asyncio.create_task(self._stop.wait())
        while not self._stop.is_set():
            try:
                await self._kopf(stopped)
            except Exception as error:
                # An error event in its watch, such as those of an API server that starts, ends all of Kopf.
                logger.warning("The watch of %s failed, it starts again: %r", PLURAL, error)
                await asyncio.sleep(RESTART_SECONDS)

    async def sweep(self) -> None:
        """Compares what is known with a list, now and then, for ever."""
        while True:
            try:
                await self.compare()
            except (ApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                logger.warning("The sweep of %s failed: %s", PLURAL, error)
            await asyncio.sleep(SWEEP_SECONDS * random.uniform(0.9, 1.1))

    async def compare(self) -> None:
        """One sweep."""
        before = dict(self._store.clusters)
        found: dict[Key, int] = {}
        for namespace in self._namespaces or (None,):
            async with aclosing(self._api.pages(CLUSTER, namespace, "", metadata_only=True)) as pages:
                async for items, _ in pages:
                    found |= {_key(item): int(item["metadata"]["resourceVersion"]) for item in items}
        for key in before.keys() - found.keys():
            # One that was made during the list is not in `before`.
            logger.info("%s ended unseen", key)
            self._changed(key, False)
        self.listed.set()
        self._judge(found)

    def _judge(self, found: dict[Key, int]) -> None:
        """A state that was there a whole sweep ago and was never heard of: the watch is dead."""
        late = [key for key, version in self._behind.items() if self._known(key) < version and key in found]
        self.is_dead = bool(late)
        if late:
            logger.error("The watch of %s has not reported %s", PLURAL, late[0])
        self._behind = {key: version for key, version in found.items() if self._known(key) < version}

    def _known(self, key: Key) -> int:
        body = self._store.clusters.get(key)
        return int(body["metadata"]["resourceVersion"]) if body else 0

    async def _kopf(self, stopped: asyncio.Task[Any]) -> None:
        """Until `stopped`, or until a part of Kopf ends: its exception then.

        Kopf's own way to run would, at its end, cancel all that has begun since: the rest of the operator, too.
        """
        tasks = await kopf.spawn_tasks(
            registry=self._registry(),
            settings=_settings(),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            # In the place of Kopf's, which end Kopf alone.
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stopped}:
            await task

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry, id="session")
        async def login(**_: Any) -> kopf.AiohttpSession:
            # After a 401 Kopf closes the session and takes no equal one: the counter tells them apart.
            self._logins += 1
            session = self._api.new_session()
            return kopf.AiohttpSession(server=self._api.server, aiohttp_session=session, priority=self._logins)

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry, id="queue")
        async def changed(type: str | None, body: kopf.Body, **_: Any) -> None:
            self._event(type, dict(body))

        return registry

    def _event(self, type_: str | None, body: dict[str, Any]) -> None:
        key = _key(body)
        if type_ == "DELETED":
            known = self._store.clusters.get(key)
            if known and known["metadata"]["uid"] == body["metadata"]["uid"]:
                self._changed(key, False)
        elif self._store.put_cluster(key, body):
            self._changed(key, True)


def _key(body: dict[str, Any]) -> Key:
    return Key(body["metadata"]["namespace"], body["metadata"]["name"])


class _NoProgress(kopf.ProgressStorage):
    """Kopf keeps no progress: nothing of it is ever written to the resource."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None

    def purge(self, **_: Any) -> None:
        return None

    def touch(self, **_: Any) -> None:
        return None

    def clear(self, *, essence: Any) -> Any:
        return essence


class _NoDiffBase(kopf.DiffBaseStorage):
    """Kopf keeps no copy of the resource; building one for each event would be half of its cost."""

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    # It would kill the process some time after Kopf alone has ended.
    settings.process.ultimate_exiting_timeout = None
    settings.persistence.progress_storage = _NoProgress()
    settings.persistence.diffbase_storage = _NoDiffBase()
    return settings
