"""One reconcile: observe -> validate -> desired -> plan -> act -> report.

Level-based: what exists decides, not what changed. Called again and again for a key it leads to the same
state, and writes nothing once that state is reached. It does requests to the API server and nothing else.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from socketio_operator.api import API_VERSION, KIND, FieldError, SocketIOCluster
from socketio_operator.controller.actor import Actor
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.clock import timestamp, utc_now
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.events import Recorder
from socketio_operator.controller.key import Key
from socketio_operator.controller.observer import Observer, Sight
from socketio_operator.controller.pace import Pace
from socketio_operator.controller.patience import Patience
from socketio_operator.controller.specs import Specs
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import CLUSTER
from socketio_operator.plan import conditions
from socketio_operator.plan.actions import Action, Apply, Decision
from socketio_operator.plan.condition import Condition, told
from socketio_operator.plan.decide import decide
from socketio_operator.plan.observed import Live, Observed
from socketio_operator.plan.problem import Problem
from socketio_operator.plan.report import Status, stalled_status, status_of
from socketio_operator.plan.truth import look_again

logger = logging.getLogger(__name__)

# A decision that meets another world than it was made for is made anew; then it is the turn of the queue's back-off.
ROUNDS = 4
# An event of the cluster is as good as a read of it for so long.
FRESH_SECONDS = 5.0
REJECTED_SECONDS = 30.0
# An external broker's credentials, and objects of the user, change without any event.
UNTOLD_SECONDS = 60.0


class UnsteadyError(Exception):
    """The world changed as fast as decisions were made."""


class Reconciler:
    """Brings clusters to what their spec asks for."""

    def __init__(
        self, api: KubeApi, store: Store, observer: Observer, actor: Actor, recorder: Recorder, pace: Pace
    ) -> None:
        self._api, self._store, self._observer, self._actor = api, store, observer, actor
        self._recorder, self._pace = recorder, pace
        self._specs, self._patience = Specs(), Patience()

    async def reconcile(self, key: Key) -> float | None:
        """One visit. Returns the seconds until time alone is a reason for the next, None if it never is.

        Raises ApiError, aiohttp.ClientError and UnsteadyError.
        """
        body = self._store.clusters.get(key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            # Children are garbage collected by their owner reference.
            self.forget(key)
            return None
        cluster = self._specs.parse(key, body)
        if not isinstance(cluster, SocketIOCluster):
            await self._refuse(key, body, cluster)
            return None
        refused: list[Problem] = []
        for _ in range(ROUNDS):
            sight = await self._observer.look(key, cluster, _is_new(body))
            if cluster.spec.paused:
                paused = conditions.paused(cluster, sight.observed, _conditions(body))
                return await self._report(key, cluster, body, paused, sight.observed)
            decision = self._decide(key, cluster, sight)
            if not decision.actions or refused:
                return await self._tell(key, cluster, body, _refusing(decision, refused), sight.observed)
            if not await self._is_still_asked_for(key, body, decision.actions):
                return None
            outcome = await self._actor.perform(key, cluster, decision.actions)
            for ref in outcome.surprises:
                await self._observer.doubt(key, cluster, ref)
            refused = outcome.refused
            if not outcome.surprises and not refused:
                # What comes of it is told by events; the next look finds that nothing is left to do, and says so.
                return self._pace.acted(key)
        raise UnsteadyError("the objects changed during each attempt")

    def _decide(self, key: Key, cluster: SocketIOCluster, sight: Sight) -> Decision:
        wanted = self._specs.wanted(key, cluster, sight.inputs)
        return decide(cluster, wanted, sight.observed, self._actor.acknowledged(key))

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        for memory in (self._store, self._observer, self._actor, self._specs, self._pace, self._patience):
            memory.forget(key)

    async def _is_still_asked_for(self, key: Key, body: Live, actions: tuple[Action, ...]) -> bool:
        """Whether the spec at hand is what the API server holds: nothing is written for a ghost or a stale spec.

        What was heard a moment ago is believed, unless pods restart or something is deleted. If the spec is another,
        its event queues the key again.
        """
        harmless = all(isinstance(action, Apply) and not action.restarts_pods for action in actions)
        if harmless and self._store.heard(key) > time.monotonic() - FRESH_SECONDS:
            return True
        found = await self._api.get(CLUSTER, key.namespace, key.name)
        if found is None:
            self.forget(key)
            return False
        self._store.put_cluster(key, found)
        before, now = body["metadata"], found["metadata"]
        return (now["uid"], now["generation"]) == (before["uid"], before["generation"])

    async def _tell(
        self, key: Key, cluster: SocketIOCluster, body: Live, decision: Decision, seen: Observed
    ) -> float | None:
        found = conditions.conditions(cluster, decision, seen, _conditions(body))
        untold = UNTOLD_SECONDS if _depends_on_untold(cluster) else None
        later = look_again(cluster, seen, found)
        return _soonest(decision.look_again, await self._report(key, cluster, body, found, seen), untold, later)

    async def _refuse(self, key: Key, body: Live, problems: tuple[FieldError, ...]) -> None:
        found = conditions.invalid(tuple(map(str, problems)))
        meta = body["metadata"]
        status = stalled_status(found, body.get("status", {}), meta["generation"], timestamp(utc_now()))
        await self._write_status(key, body, status)

    async def _report(
        self, key: Key, cluster: SocketIOCluster, body: Live, found: tuple[Condition, ...], seen: Observed
    ) -> float | None:
        """Writes what is new. Returns the seconds until what is held back now may be told."""
        before = body.get("status", {})
        if seen.unanswered and before.get("observedGeneration") == cluster.generation:
            # The answer queues the key; until then nothing is claimed that it may change.
            return None
        earlier = _conditions(body)
        found, over = conditions.patient(found, earlier, self._patience.lasted(key, found, seen.now))
        found, steady = conditions.steadied(found, earlier, seen.now)
        status = status_of(cluster, seen, found, before, timestamp(seen.now))
        if status != before and (wait := self._pace.wait(key)):
            return wait
        await self._write_status(key, body, status)
        stalled, was = next((item for item in found if item.type == "Stalled"), None), told(earlier, "Stalled")
        if stalled and (was is None or was.reason != stalled.reason):
            await self._recorder.record(cluster, "Warning", stalled.reason, "Reconcile", stalled.message)
        return _soonest(over, steady)

    async def _write_status(self, key: Key, body: Live, status: Status) -> None:
        if status == body.get("status"):
            return
        meta = body["metadata"]
        manifest: dict[str, Any] = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]},
            "status": status,
        }
        try:
            self._store.put_cluster(key, await self._api.apply_status(manifest, CLUSTER))
            self._pace.told(key)
        except ApiError as error:
            # Another cluster of this name, or none: its own event says so.
            if not error.is_replaced:
                raise


def _depends_on_untold(cluster: SocketIOCluster) -> bool:
    return cluster.spec.adapter.external_broker is not None or cluster.spec.restart_on_change.any


def _soonest(*times: float | None) -> float | None:
    """The least of these seconds; None if time is a reason for none of them."""
    return min((seconds for seconds in times if seconds is not None), default=None)


def _refusing(decision: Decision, refused: list[Problem]) -> Decision:
    """What is left to tell when the API server refuses what was decided."""
    return Decision((), (*refused, *decision.problems), REJECTED_SECONDS) if refused else decision


def _is_new(body: Live) -> bool:
    """Whether no reconcile has ever told of this cluster."""
    return bool(body.get("status", {}).get("observedGeneration", -1) < 1)


def _conditions(body: Live) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = body.get("status", {}).get("conditions", ())
    return found
