"""The running operator: Kopf watches clusters, reflectors their children, workers reconcile, probes ask machines."""

import asyncio
import gc
import logging
import random
import socket
from collections.abc import Collection

import aiohttp

from socketio_operator.api import API_VERSION, GROUP, PLURAL, validate
from socketio_operator.controller import brokers, canary, health
from socketio_operator.controller.actor import Actor
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.brokers.wire import tls_context
from socketio_operator.controller.clock import utc_now
from socketio_operator.controller.clusters import ClusterWatch
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.events import Recorder
from socketio_operator.controller.key import Key
from socketio_operator.controller.metrics import Metrics, Present
from socketio_operator.controller.observer import Observer
from socketio_operator.controller.own_secrets import OwnSecrets
from socketio_operator.controller.pace import Pace
from socketio_operator.controller.prober import Ask, Prober
from socketio_operator.controller.queue import WorkQueue
from socketio_operator.controller.reconciler import Reconciler, UnsteadyError
from socketio_operator.controller.reflector import SILENCE_SECONDS, Reflector
from socketio_operator.controller.runtimes import RuntimeReader
from socketio_operator.controller.served import ServedKinds
from socketio_operator.controller.settings import Settings
from socketio_operator.controller.shelves import shelf
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import CHILD_KINDS, OPTIONAL_KINDS, POD, REPLICA_SET, Kind
from socketio_operator.plan.broker import BrokerAnswer
from socketio_operator.plan.decide import NOT_INSTALLED
from socketio_operator.plan.passage import CanaryReport
from socketio_operator.plan.probes import BrokerProbe, CanaryProbe, Finding, RuntimeProbe

logger = logging.getLogger(__name__)

CRD_RETRY_SECONDS = 2.0
# One change of a cluster is a burst of events of its children and pods: one look at the end of it is enough.
GATHER_SECONDS = 0.1
# Of the garbage collector: objects in a portion, portions until its survivors are looked at, and (never) all.
PORTIONS = (1_000, 50, 1_000_000)
TIDY_SECONDS = 300.0


async def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT. Raises when a part of it dies: a restart is then the cure."""
    _warm_up()
    _collect_seldom()
    metrics = Metrics(settings.workers)
    async with await KubeApi.connect(settings, metrics.count) as api:
        operator = Operator(api, settings, metrics)
        async with health.served(settings.health_endpoint, operator.alive, operator.ready, metrics.registry):
            await _wait_for_crd(api)
            await operator.run()


def _warm_up() -> None:
    """Makes at once what is made once: later it would hold up whoever happens to be under way."""
    validate({})
    tls_context(verified=True)


def _collect_seldom() -> None:
    """What is kept lives long, and to look through all of it holds up everybody: done by `_tidy`, and only there.

    Young objects are looked through in small portions, each of a few milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PORTIONS)


async def _tidy() -> None:
    """Collects what refers to itself, now and then, for ever."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        gc.collect()


async def _wait_for_crd(api: KubeApi) -> None:
    told = False
    while True:
        try:
            if await api.serves(API_VERSION, PLURAL):
                return
            reason = f"the CRD {PLURAL}.{GROUP} is not installed"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = f"the API server does not answer: {error}"
        if not told:
            logger.warning("Waiting, as %s.", reason)
            told = True
        await asyncio.sleep(CRD_RETRY_SECONDS)


async def _ask_broker(probe: BrokerProbe) -> BrokerAnswer:
    return await brokers.ask(probe.address, probe.namespace)


async def _try_route(probe: CanaryProbe) -> CanaryReport:
    return await canary.visit(probe.route, probe.proof)


class Operator:
    """One operator process on one API server."""

    def __init__(self, api: KubeApi, settings: Settings, metrics: Metrics) -> None:
        self._api, self._settings, self._store = api, settings, Store()
        self._reconciles = metrics.reconciles
        self._queue: WorkQueue[Key] = WorkQueue(metrics.queue)
        self._runtimes = RuntimeReader()
        asks: dict[type, Ask] = {RuntimeProbe: self._runtimes.ask, BrokerProbe: _ask_broker, CanaryProbe: _try_route}
        self._prober = Prober(asks, self._found)
        own = OwnSecrets(api, settings.resync * 0.75)
        recorder = Recorder(api, socket.gethostname())
        observer = Observer(
            api,
            self._store,
            self._prober,
            own,
            settings.images,
            utc_now,
            probe_brokers=settings.probe_brokers,
            try_routes=settings.try_routes,
            unserved=lambda: self._served.unserved,
        )
        actor = Actor(api, self._store, own, self._runtimes, recorder)
        self._reconciler = Reconciler(api, self._store, observer, actor, recorder, Pace(self._queue.is_backed_up))
        self._clusters = ClusterWatch(api, self._store, settings.namespaces, self._cluster_changed)
        kinds = [kind for kind in (*CHILD_KINDS.values(), REPLICA_SET, POD) if kind.watched and not kind.install]
        self._reflectors = [reflector for kind in kinds for reflector in self._reflectors_of(kind)]
        self._served = ServedKinds(
            api,
            OPTIONAL_KINDS,
            self._reflectors_of,
            gone=lambda kind: self._store.forget_kind(kind.kind),
            changed=self._all_changed,
            is_awaited=lambda: self._store.tells(NOT_INSTALLED),
        )
        metrics.show(self._present)

    def _reflectors_of(self, kind: Kind) -> list[Reflector]:
        """One for each namespace that is watched, or one for all."""
        scopes: Collection[str | None] = self._settings.namespaces or (None,)
        return [Reflector(self._api, shelf(self._store, kind, scope), kind, scope, self._changed) for scope in scopes]

    async def run(self) -> None:
        """Everything at once; ends by a signal or when a part fails."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(reflector.run()) for reflector in self._reflectors]
                for reflector in self._reflectors:
                    await reflector.synced.wait()
                await self._served.begin()
                tasks.append(group.create_task(self._served.run()))
                tasks += [group.create_task(self._work()) for _ in range(self._settings.workers)]
                tasks += [group.create_task(self._clusters.sweep()), group.create_task(_tidy())]
                await self._clusters.run()
                for task in tasks:
                    task.cancel()
        finally:
            self._prober.stop()
            await self._served.stop()
            await self._runtimes.close()

    def alive(self) -> tuple[bool, health.Verdict]:
        """Whether a restart would not help: the event loop turns, as this answers, and Kopf's watch lives."""
        return not self._clusters.is_dead, {"clusters": len(self._store.clusters)}

    def ready(self) -> tuple[bool, health.Verdict]:
        """Whether all watches are complete and hear the API server."""
        silent = self._silence()
        synced = self._clusters.listed.is_set() and all(reflector.synced.is_set() for reflector in self._reflectors)
        return synced and max(silent.values()) <= 2 * SILENCE_SECONDS, {"watches": silent}

    def _silence(self) -> dict[str, float]:
        return {str(one): round(one.silence, 1) for one in (*self._reflectors, *self._served.reflectors)}

    def _present(self) -> Present:
        return Present(self._queue.waiting, self._queue.under_work, self._store.clusters, self._silence())

    def _changed(self, key: Key) -> None:
        if key in self._store.clusters:
            self._queue.add_soon(key, GATHER_SECONDS)

    def _all_changed(self) -> None:
        for key in list(self._store.clusters):
            # What is not served any more was a reason to back off until now.
            self._queue.add(key, urgent=True)

    def _cluster_changed(self, key: Key, is_there: bool) -> None:
        if is_there:
            self._queue.add(key, urgent=True)
        else:
            self._reconciler.forget(key)
            self._queue.forget(key)

    def _found(self, key: Key, name: str, finding: Finding) -> None:
        if self._store.find(key, name, finding):
            self._changed(key)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self._visit(key)
            finally:
                self._queue.done(key)

    async def _visit(self, key: Key) -> None:
        try:
            with self._reconciles.under_way():
                again = await self._reconciler.reconcile(key)
        except (ApiError, aiohttp.ClientError, TimeoutError, UnsteadyError) as error:
            if isinstance(error, ApiError) and error.namespace_ends:
                return
            self._reconciles.failed()
            delay = self._queue.retry(key, error.retry_after if isinstance(error, ApiError) else 0.0)
            logger.warning("%s: trying again in %.1f s: %s", key, delay, error)
        except Exception:
            # One broken cluster must not stop the others; it is tried again, ever more slowly.
            self._reconciles.failed()
            delay = self._queue.retry(key)
            logger.exception("%s: unexpected failure, trying again in %.1f s", key, delay)
        else:
            self._reconciles.succeeded(again)
            self._queue.succeeded(key)
            resync = self._settings.resync * random.uniform(0.8, 1.2)
            self._queue.add_later(key, min(resync, again) if again is not None else resync)
        if key not in self._store.clusters:
            # It ended meanwhile: what the visit has remembered of it goes, too.
            self._cluster_changed(key, is_there=False)
