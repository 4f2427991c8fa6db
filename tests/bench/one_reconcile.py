"""What one look at a cluster costs that finds nothing to do, in one process and without an API server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from socketio_operator.controller.actor import Actor
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.clock import timestamp, utc_now
from socketio_operator.controller.events import Recorder
from socketio_operator.controller.key import Key
from socketio_operator.controller.observer import Observer
from socketio_operator.controller.own_secrets import OwnSecrets
from socketio_operator.controller.pace import Pace
from socketio_operator.controller.prober import Prober
from socketio_operator.controller.reconciler import Reconciler
from socketio_operator.controller.runtimes import RuntimeReader
from socketio_operator.controller.store import Store
from socketio_operator.desired.children import wanted_children
from socketio_operator.desired.inputs import Images
from socketio_operator.desired.kinds import SECRET, Kind, Ref
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.decide import decide
from socketio_operator.plan.observed import Child
from socketio_operator.plan.report import status_of
from tests.bench.rig import Rig
from tests.bench.rows import Row, at_most
from tests.unit.samples import INPUTS, LEAST, body, cluster, picture
from tests.unit.test_plan import world

ROUNDS = 2000
LIMIT_MS = 1.0
KEY = Key("team", "chat")


class SecretsAlone:
    """Answers the first look at the two Secrets; whatever else is asked or written fails the measurement."""

    def __init__(self, live: Mapping[Ref, Any]) -> None:
        self._secrets = {ref.name: item for ref, item in live.items() if ref.kind == SECRET.kind}

    async def get(self, kind: Kind, namespace: str, name: str) -> Any:
        return self._secrets.pop(name)


def measure(rig: Rig) -> list[Row]:
    """Milliseconds for one, everything included but the API server."""
    seconds = asyncio.run(_run())
    value = seconds / ROUNDS * 1000
    return [Row("one reconcile without a change", value, "ms", None, at_most(LIMIT_MS, value, "under 1 ms"))]


async def _run() -> float:
    reconciler = _settled()
    await reconciler.reconcile(KEY)  # validated, parsed and built once
    began = time.process_time()
    for _ in range(ROUNDS):
        await reconciler.reconcile(KEY)
    return time.process_time() - began


def _settled() -> Reconciler:
    """A reconciler whose only cluster is as it should be, its status written."""
    live, store = world(cluster()), Store()
    api = cast(KubeApi, SecretsAlone(live))
    for ref, item in live.items():
        if ref.kind != SECRET.kind:
            store.put(KEY.namespace, Child.of(item))
    seen = picture(live)
    found = conditions(cluster(), decide(cluster(), wanted_children(cluster(), INPUTS), seen, {}), seen)
    status = status_of(cluster(), seen, found, {}, timestamp(datetime.now(UTC)))
    store.put_cluster(KEY, {**body(LEAST, resourceVersion="1"), "status": status})
    recorder, runtimes = Recorder(api, "bench"), RuntimeReader()
    prober, own = Prober({}, lambda *_: None), OwnSecrets(api, fresh_seconds=3600)
    observer = Observer(
        api, store, prober, own, Images(), utc_now, probe_brokers=False, try_routes=False, unserved=frozenset
    )
    return Reconciler(api, store, observer, Actor(api, store, own, runtimes, recorder), recorder, Pace(lambda: False))
