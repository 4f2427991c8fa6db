"""The house has room: a component and a router that nobody knew are built, held, retired and told by one line each."""

from dataclasses import replace
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import build_children
from socketio_operator.desired.component import Component, Defaults, Trouble
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import object_meta
from socketio_operator.desired.routers import ROUTERS, Router
from tests.unit.samples import INPUTS, as_stored, cluster
from tests.unit.test_plan import INGRESS, SETTLED, decided, pod, summary, told, verb, world, writes

GATE, SETTINGS, ROUTE = Ref("Deployment", "chat-gate"), Ref("ConfigMap", "chat-gate"), Ref("Ingress", "chat-b")
ASKED_FOR = "example.com/gate"


def gate_wanted(of: SocketIOCluster) -> bool:
    return ASKED_FOR in of.spec.pod.annotations


def gate(of: SocketIOCluster, inputs: Inputs) -> Manifest:
    container = {"name": "gate", "image": inputs.images.redis}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": object_meta(of, GATE.name, "gate"),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template},
    }


def settings(of: SocketIOCluster, inputs: Inputs) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": object_meta(of, SETTINGS.name, "gate"), "data": {}}


COMPONENT = Component(
    label="gate",
    wanted=gate_wanted,
    builders=(settings, gate),
    workload=lambda of: GATE,
    defaults=lambda of: Defaults(images=frozenset({"gate"})),
    outlives="server",
    trouble=Trouble("GateNotReady", lambda of: f"The gate of {of.name} is shut.", "nobody new comes in"),
)


def route(of: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    (first,) = ROUTERS["ingress-nginx"].build(of, inputs)
    return first, {**first, "metadata": {**first["metadata"], "name": ROUTE.name}}


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMPONENTS, "gate", COMPONENT)
    monkeypatch.setitem(ROUTERS, "both", Router("both", route))


def gated(**changes: Any) -> SocketIOCluster:
    return cluster(pod={"annotations": {ASKED_FOR: "yes"}}, **changes)


def routed(of: SocketIOCluster) -> SocketIOCluster:
    routing = of.spec.routing.model_copy(update={"router": "both"})
    return replace(of, spec=of.spec.model_copy(update={"routing": routing}))


def whole(of: SocketIOCluster) -> dict[Ref, dict[str, Any]]:
    live = world(of)
    live[GATE]["status"] = {**SETTLED, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
    return live


def test_it_is_built_in_its_place() -> None:
    built = [ref_of(manifest) for manifest in build_children(routed(gated()), INPUTS)]
    assert built.index(SETTINGS) < built.index(Ref("Deployment", "chat")) < built.index(GATE) < built.index(INGRESS)
    assert built[-2:] == [INGRESS, ROUTE]
    made = writes(decided(routed(gated()), {}))
    assert {verb(action) for action in made} == {"create"}
    assert {SETTINGS, GATE, ROUTE} < {action.ref for action in made}


def test_its_image_is_held() -> None:
    of = gated()
    newer = replace(INPUTS, images=replace(INPUTS.images, redis="registry.example/new:1"))
    assert summary(decided(of, whole(of), newer)) == []
    broken = pod("ErrImagePull", "gate")
    broken["metadata"]["labels"]["socketio-operator.dev/component"] = "gate"
    assert summary(decided(of, whole(of), newer, pods=(broken,))) == [("apply", "Deployment chat-gate")]


def test_it_is_retired_after_those_that_use_it() -> None:
    live = {
        **world(cluster()),
        GATE: as_stored(gate(cluster(), INPUTS)),
        SETTINGS: as_stored(settings(cluster(), INPUTS)),
    }
    assert summary(decided(cluster(), live)) == [("delete", "ConfigMap chat-gate"), ("delete", "Deployment chat-gate")]
    live[Ref("Deployment", "chat")]["status"] = {**SETTLED, "replicas": 3}
    assert summary(decided(cluster(), live)) == []


def test_its_problems_are_told() -> None:
    of = gated()
    assert told(of, whole(of))["Ready"] == (True, "Ready")
    shut = {**whole(of), GATE: as_stored(gate(of, INPUTS), status={})}
    assert told(of, shut)["Ready"] == (False, "GateNotReady")
    assert told(of, shut)["Available"] == (True, "Degraded")


def test_a_route_that_is_left_goes_after_the_new_one_is_there() -> None:
    live = {**world(cluster()), ROUTE: as_stored(route(cluster(), INPUTS)[1])}
    assert summary(decided(cluster(), live)) == [("delete", "Ingress chat-b")]
    of = cluster(routing={"host": "other.example.com"})
    assert summary(decided(of, live)) == [("apply", "Ingress chat")]
