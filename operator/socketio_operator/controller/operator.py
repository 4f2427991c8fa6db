"""The running operator: Kopf watches the clusters, reflectors watch the children, workers reconcile.

Kopf's part is small on purpose: login, probe and one event handler that queues a key. It writes nothing.
"""

import asyncio
import logging
import random
import socket
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import aiohttp
import kopf

from socketio_operator.api import API_VERSION, GROUP, PLURAL, VERSION
from socketio_operator.controller.api import ApiError, KubeApi
from socketio_operator.controller.events import Recorder
from socketio_operator.controller.observer import Observer
from socketio_operator.controller.queue import WorkQueue
from socketio_operator.controller.reconciler import Reconciler
from socketio_operator.controller.reflector import SILENCE_SECONDS, Reflector
from socketio_operator.controller.settings import Settings
from socketio_operator.controller.store import Key, Store
from socketio_operator.desired.kinds import CHILD_KINDS, POD

logger = logging.getLogger(__name__)

CRD_RETRY_SECONDS = 2.0


async def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT. Raises when a part of it dies: a restart is then the cure."""
    async with await KubeApi.connect(settings) as api:
        await _wait_for_crd(api)
        await Operator(api, settings).run()


async def _wait_for_crd(api: KubeApi) -> None:
    told = False
    while not await api.serves(API_VERSION, PLURAL):
        if not told:
            logger.warning("The CRD %s.%s is not installed; waiting for it.", PLURAL, GROUP)
            told = True
        await asyncio.sleep(CRD_RETRY_SECONDS)


class Operator:
    """One operator process on one API server."""

    def __init__(self, api: KubeApi, settings: Settings) -> None:
        self._api, self._settings = api, settings
        self._store = Store()
        self._queue: WorkQueue[Key] = WorkQueue()
        observer = Observer(api, self._store, settings.images)
        recorder = Recorder(api, socket.gethostname())
        self._reconciler = Reconciler(api, self._store, observer, recorder, _now)
        scopes: Collection[str | None] = settings.namespaces or (None,)
        kinds = [kind for kind in (*CHILD_KINDS.values(), POD) if kind.watched]
        self._reflectors = [
            Reflector(api, self._store, kind, scope, self._changed) for scope in scopes for kind in kinds
        ]

    async def run(self) -> None:
        """Everything at once; ends when Kopf does (it handles signals) or when a part fails."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(reflector.run()) for reflector in self._reflectors]
            for reflector in self._reflectors:
                await reflector.synced.wait()
            tasks += [group.create_task(self._work()) for _ in range(self._settings.workers)]
            await self._kopf()
            for task in tasks:
                task.cancel()

    def _changed(self, key: Key) -> None:
        if key in self._store.clusters:
            self._queue.add(key)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self._visit(key)
            finally:
                self._queue.done(key)

    async def _visit(self, key: Key) -> None:
        try:
            await self._reconciler.reconcile(key)
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            if isinstance(error, ApiError) and error.namespace_ends:
                return
            delay = self._queue.retry(key)
            logger.warning("%s: trying again in %.1f s: %s", key, delay, error)
        except Exception:
            # One broken cluster must not stop the others; it is tried again, ever more slowly.
            delay = self._queue.retry(key)
            logger.exception("%s: unexpected failure, trying again in %.1f s", key, delay)
        else:
            self._queue.succeeded(key)
            if key in self._store.clusters:
                self._queue.add_later(key, self._settings.resync * random.uniform(0.8, 1.2))

    async def _kopf(self) -> None:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry, id="shared-session")
        def login(**_: Any) -> kopf.AiohttpSession:
            return kopf.AiohttpSession(server=self._api.server, aiohttp_session=self._api.session)

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry, id="queue")
        def changed(type: str | None, body: kopf.Body, **_: Any) -> None:
            self._cluster_event(type, dict(body))

        @kopf.on.probe(registry=registry, id="watches")
        def watches(**_: Any) -> dict[str, float]:
            return self._probe()

        await kopf.operator(
            registry=registry,
            settings=_kopf_settings(),
            standalone=True,
            clusterwide=not self._settings.namespaces,
            namespaces=self._settings.namespaces,
            liveness_endpoint=self._settings.health_endpoint,
        )

    def _cluster_event(self, type_: str | None, body: dict[str, Any]) -> None:
        key = Key(body["metadata"]["namespace"], body["metadata"]["name"])
        if type_ == "DELETED":
            known = self._store.clusters.get(key)
            if known and known["metadata"]["uid"] == body["metadata"]["uid"]:
                self._reconciler.forget(key)
                self._queue.forget(key)
        elif self._store.put_cluster(key, body):
            self._queue.add(key)

    def _probe(self) -> dict[str, float]:
        silent = {str(reflector): round(reflector.silence, 1) for reflector in self._reflectors}
        if max(silent.values()) > 2 * SILENCE_SECONDS:
            raise kopf.PermanentError(f"a watch hears nothing: {silent}")
        return silent


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


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


def _kopf_settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.persistence.progress_storage = _NoProgress()
    settings.persistence.diffbase_storage = _NoDiffBase()
    return settings
