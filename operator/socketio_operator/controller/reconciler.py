"""One reconcile: observe -> validate -> desired -> plan -> apply -> report.

Level-based: what exists decides, not what changed. Called again and again for a key it leads to the same
state, and writes nothing once that state is reached.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from socketio_operator.api import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    Problem,
    SocketIOCluster,
    validate,
)
from socketio_operator.controller.api import ApiError, KubeApi
from socketio_operator.controller.events import Recorder
from socketio_operator.controller.observer import Observer
from socketio_operator.controller.store import Key, Store
from socketio_operator.desired.children import build_children
from socketio_operator.desired.kinds import CHILD_KINDS, Kind, Ref
from socketio_operator.plan import conditions, observed
from socketio_operator.plan.changes import Change, Decision, acknowledgement, decide
from socketio_operator.plan.observed import Live, Observed
from socketio_operator.plan.report import Status, stalled_status, status_of

logger = logging.getLogger(__name__)

CLUSTER = Kind(f"{GROUP}/{VERSION}", KIND, PLURAL)


class Reconciler:
    """Brings clusters to what their spec asks for. `now` returns RFC 3339 time."""

    def __init__(
        self, api: KubeApi, store: Store, observer: Observer, recorder: Recorder, now: Callable[[], str]
    ) -> None:
        self._api, self._store, self._observer = api, store, observer
        self._recorder, self._now = recorder, now
        self._acknowledged: dict[Key, dict[Ref, tuple[str, str]]] = {}

    async def reconcile(self, key: Key) -> None:
        """One visit. Raises ApiError and aiohttp.ClientError."""
        body = self._store.clusters.get(key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            # Children are garbage collected by their owner reference.
            self.forget(key)
            return
        if problems := validate(body):
            await self._refuse(body, problems)
            return
        cluster = SocketIOCluster.parse(body)
        own = await self._observer.own_secrets(cluster)
        desired = build_children(cluster, self._observer.inputs(cluster, own))
        seen = await self._observer.observe(cluster, desired, own)
        if cluster.spec.paused:
            await self._report(cluster, body, conditions.paused(cluster, seen), seen)
            return
        decision = decide(cluster, desired, seen, self._acknowledged.get(key, {}))
        if decision.changes:
            if not await self._is_current(key, body):
                return
            decision, seen = await self._apply(cluster, decision, seen)
        await self._report(cluster, body, conditions.conditions(cluster, decision, seen), seen)

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._acknowledged.pop(key, None)
        if body := self._store.clusters.pop(key, None):
            self._observer.forget(body["metadata"]["uid"])

    async def _is_current(self, key: Key, body: Live) -> bool:
        """Whether the spec at hand is what the API server holds: nothing is written for a ghost or a stale spec.

        If not, the event of the newer spec queues the key again.
        """
        found = await self._api.get(CLUSTER, key.namespace, key.name)
        if found is None:
            self.forget(key)
            return False
        self._store.put_cluster(key, found)
        meta = body["metadata"]
        return (found["metadata"]["uid"], found["metadata"]["generation"]) == (
            meta["uid"],
            meta["generation"],
        )

    async def _apply(self, cluster: SocketIOCluster, decision: Decision, seen: Observed) -> tuple[Decision, Observed]:
        """Writes the changes in order and returns what is left to tell; stops at the first that is refused."""
        children = dict(seen.children)
        for change in decision.changes:
            try:
                live = await self._write(cluster, change)
            except ApiError as error:
                if not error.is_rejection:
                    raise
                refusal = observed.Problem("ChildRejected", f"{change.ref} was refused: {error.message}")
                return Decision(blockers=(refusal,)), _with(seen, children)
            if live is None:
                children.pop(change.ref, None)
            else:
                children[change.ref] = live
        return decision, _with(seen, children)

    async def _write(self, cluster: SocketIOCluster, change: Change) -> Live | None:
        key, kind = Key(cluster.namespace, cluster.name), CHILD_KINDS[change.ref.kind]
        logger.info("%s: %s", key, change.reason)
        if change.manifest is None:
            identity = (cluster.namespace, change.ref.name, change.uid, change.resource_version)
            await self._api.delete(kind, *identity, foreground=change.foreground)
            return None
        live = await self._api.apply(change.manifest, kind)
        self._acknowledged.setdefault(key, {})[change.ref] = acknowledgement(change.manifest, live)
        if kind.watched:
            self._store.put(live)
        if change.restarts_pods:
            await self._recorder.record(cluster, "Normal", "RolloutStarted", "RollOut", change.reason)
        return live

    async def _refuse(self, body: Live, problems: list[Problem]) -> None:
        found = conditions.invalid(tuple(map(str, problems)))
        meta = body["metadata"]
        status = stalled_status(found, body.get("status", {}), meta["generation"], self._now())
        await self._write_status(body, status)

    async def _report(
        self, cluster: SocketIOCluster, body: Live, found: tuple[conditions.Condition, ...], seen: Observed
    ) -> None:
        before = body.get("status", {})
        await self._write_status(body, status_of(cluster, seen, found, before, self._now()))
        stalled = next((item for item in found if item.type == "Stalled"), None)
        if stalled and stalled.reason != _reason(before, "Stalled"):
            await self._recorder.record(cluster, "Warning", stalled.reason, "Reconcile", stalled.message)

    async def _write_status(self, body: Live, status: Status) -> None:
        if status == body.get("status"):
            return
        meta = body["metadata"]
        manifest: dict[str, Any] = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
            "status": status,
        }
        key = Key(meta["namespace"], meta["name"])
        try:
            self._store.put_cluster(key, await self._api.apply(manifest, CLUSTER, "status"))
        except ApiError as error:
            if error.status != 404:
                raise
            self.forget(key)


def _with(seen: Observed, children: dict[Ref, Live]) -> Observed:
    return replace(seen, children=children)


def _reason(status: dict[str, Any], type_: str) -> str | None:
    return next((item["reason"] for item in status.get("conditions", ()) if item["type"] == type_), None)
