"""Does what was decided: one method an action. What does not fit the world any more is a surprise, not an error."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import assert_never

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.errors import ApiError
from socketio_operator.controller.events import Recorder
from socketio_operator.controller.key import Key
from socketio_operator.controller.own_secrets import OwnSecrets
from socketio_operator.controller.runtimes import RuntimeReader
from socketio_operator.controller.store import Store
from socketio_operator.desired.children import appliable, canonical_json
from socketio_operator.desired.kinds import CHILD_KINDS, POD, Ref
from socketio_operator.plan.actions import Action, Apply, CallPod, Delete, PatchPod
from socketio_operator.plan.decide import acknowledgement
from socketio_operator.plan.observed import Child
from socketio_operator.plan.problem import Problem, Scope, one_line

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """What came of a decision. `surprises`: where the world was not as decided on. `refused`: what the API refuses."""

    surprises: list[Ref] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


class Actor:
    """Performs actions for one operator."""

    def __init__(
        self, api: KubeApi, store: Store, own: OwnSecrets, runtimes: RuntimeReader, recorder: Recorder
    ) -> None:
        self._api, self._store, self._own, self._runtimes, self._recorder = api, store, own, runtimes, recorder
        self._acknowledged: dict[Key, dict[Ref, tuple[bytes, bytes]]] = {}

    def acknowledged(self, key: Key) -> dict[Ref, tuple[bytes, bytes]]:
        """How earlier applies were answered."""
        return self._acknowledged.get(key, {})

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._acknowledged.pop(key, None)

    async def perform(self, key: Key, cluster: SocketIOCluster, actions: Iterable[Action]) -> Outcome:
        """Stage by stage, the actions of one side by side; nothing after a stage that brought a surprise.

        Raises ApiError and aiohttp.ClientError for what may pass.
        """
        outcome = Outcome()
        for _, stage in groupby(actions, _stage):
            results = await asyncio.gather(
                *(self._do(key, cluster, action, outcome) for action in stage), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            if outcome.surprises:
                break
        return outcome

    async def _do(self, key: Key, cluster: SocketIOCluster, action: Action, outcome: Outcome) -> None:
        logger.info("%s: %s", key, one_line(action.reason))
        try:
            match action:
                case Apply():
                    await self._apply(key, cluster, action)
                case Delete():
                    await self._delete(key, cluster, action)
                case PatchPod():
                    await self._api.patch_metadata(POD, cluster.namespace, action.pod, action.uid, action.patch)
                case CallPod():
                    await self._runtimes.call(action)
                case _:
                    assert_never(action)
        except ApiError as error:
            if error.namespace_ends or not isinstance(action, Apply | Delete):
                raise
            if error.is_replaced:
                outcome.surprises.append(action.ref)
            elif error.is_rejection:
                message = f"{action.ref} was refused: {one_line(error.message)}"
                outcome.refused.append(Problem("ChildRejected", message, Scope.CHILD, action.ref))
            else:
                raise

    async def _apply(self, key: Key, cluster: SocketIOCluster, action: Apply) -> None:
        kind = CHILD_KINDS[action.ref.kind]
        if action.uid:
            live = await self._api.update(action.manifest, kind, action.uid)
        else:
            live = await self._api.create(action.manifest, kind)
        if kind.watched:
            child = Child.of(live)
            self._store.put(cluster.namespace, child)
        else:
            self._own.wrote(key, cluster, live)
            child = self._own.children(key)[action.ref]
        content = canonical_json(appliable(action.manifest))
        if child.owned != content:
            self._acknowledged.setdefault(key, {})[action.ref] = acknowledgement(content, child)
        if action.restarts_pods:
            await self._recorder.record(cluster, "Normal", "RolloutStarted", "RollOut", action.reason)

    async def _delete(self, key: Key, cluster: SocketIOCluster, action: Delete) -> None:
        kind = CHILD_KINDS[action.ref.kind]
        left = await self._api.delete(
            kind, cluster.namespace, action.ref.name, action.uid, action.version, foreground=action.foreground
        )
        if not kind.watched:
            self._own.doubt(key)
        elif left and "deletionTimestamp" in left["metadata"]:
            self._store.put(cluster.namespace, Child.of({**left, "apiVersion": kind.api_version, "kind": kind.kind}))
        else:
            self._store.absent(cluster.namespace, action.ref)


def _stage(action: Action) -> int:
    """Deletions and pods come after everything that is applied."""
    return action.stage if isinstance(action, Apply) else 1000
