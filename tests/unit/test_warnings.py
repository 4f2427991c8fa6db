"""What is legal and probably not meant is told while it is so, by a condition that keeps nobody from being Ready."""

from typing import Any

import pytest

from socketio_operator.plan.observed import Observed
from socketio_operator.plan.runtime import RuntimeReport
from socketio_operator.plan.warnings import warnings
from tests.unit.samples import cluster
from tests.unit.test_plan import told, world

BARE = {"inject": "none"}
NO_AFFINITY = {"host": "a.example", "affinity": "none"}
UNSTICKY: dict[str, Any] = {"runtime": BARE, "routing": NO_AFFINITY, "replicas": 2}
APART: dict[str, Any] = {"adapter": {"type": "none"}}


def found(observed: Observed | None = None, **spec: Any) -> dict[str, str]:
    return {item.type: item.message for item in warnings(cluster(**spec), observed or Observed({}))}


def test_of_the_least_cluster_there_is_nothing_to_say() -> None:
    assert found() == {}


def test_polling_that_nothing_keeps_on_its_pod_is_told() -> None:
    message = found(**UNSTICKY)["AffinityMissing"]
    assert message.startswith("Nothing keeps a client on one of 2 pods,")
    assert "spec.routing.affinity to clientIP or cookie" in message


@pytest.mark.parametrize(
    "mended",
    [
        {"routing": {**NO_AFFINITY, "affinity": "clientIP"}},
        {"routing": {**NO_AFFINITY, "affinity": "cookie"}},
        {"routing": {**NO_AFFINITY, "router": "none"}},
        {"engine": {"transports": ["websocket"]}},
        {"runtime": {"inject": "node"}},
        {"runtime": {"inject": "python"}},
        {"replicas": 1},
        {"replicas": 0},
    ],
)
def test_each_way_out_ends_it(mended: dict[str, Any]) -> None:
    assert "AffinityMissing" not in found(**{**UNSTICKY, **mended})


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"], ["websocket", "webtransport"]])
def test_it_is_a_matter_of_sessions_of_several_requests(transports: list[str]) -> None:
    assert "AffinityMissing" in found(**UNSTICKY, engine={"transports": transports})


def test_an_affinity_that_cannot_be_had_is_told_once() -> None:
    routing = {"host": "a.example", "router": "gateway", "gateway": {"name": "public"}, "affinity": "clientIP"}
    assert set(found(**{**UNSTICKY, "routing": routing})) == {"AffinityUnavailable"}


def test_pods_that_no_adapter_joins_are_told() -> None:
    assert "reaches the clients of only one of 2 pods" in found(**APART)["AdapterMissing"]
    assert "AdapterMissing" not in found(**APART, replicas=1)
    assert "AdapterMissing" not in found(adapter={"type": "redis"})


@pytest.mark.parametrize(("owner", "is_told"), [("none", True), ("app", False)])
def test_an_adapter_of_the_app_ends_it(owner: str, is_told: bool) -> None:
    reports = (RuntimeReport("chat-1", owner, "4.8.1"),)
    assert ("AdapterMissing" in found(Observed({}, runtimes=reports), **APART)) == is_told


def test_a_warning_keeps_nobody_from_being_ready() -> None:
    for spec, type_ in ((UNSTICKY, "AffinityMissing"), (APART, "AdapterMissing")):
        of = cluster(**spec)
        conditions = told(of, world(of))
        assert conditions[type_][0] is True
        assert conditions["Ready"] == (True, "Ready")
