"""The documentation's X-Forwarded-For form: only for those who ask for it, and told as what it is."""

from typing import Any

import pytest

from socketio_operator.api import validate
from socketio_operator.desired.children import build_children
from socketio_operator.plan.actions import Decision
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.observed import Observed
from tests.unit.samples import INPUTS, LEAST, body, cluster

ANNOTATION = "nginx.ingress.kubernetes.io/"


def spec(**routing: Any) -> dict[str, Any]:
    return {**LEAST, "routing": {**LEAST["routing"], **routing}}


def annotations(of: dict[str, Any]) -> dict[str, str]:
    (ingress,) = (child for child in build_children(cluster(**of), INPUTS) if child["kind"] == "Ingress")
    found: dict[str, str] = ingress["metadata"]["annotations"]
    return found


def test_the_snippet_and_its_hash_come_together() -> None:
    asked = annotations(spec(clientAddress="forwardedFor"))
    assert asked[f"{ANNOTATION}upstream-hash-by"] == "$client_ip"
    assert "set $client_ip $remote_addr;" in asked[f"{ANNOTATION}configuration-snippet"]
    usual = annotations(spec())
    assert usual[f"{ANNOTATION}upstream-hash-by"] == "$remote_addr"
    assert f"{ANNOTATION}configuration-snippet" not in usual


def test_a_condition_says_who_can_forge_it() -> None:
    def told(**routing: Any) -> list[str]:
        of = cluster(**spec(**routing))
        return [
            item.message for item in conditions(of, Decision((), ()), Observed(children={})) if "Forgeable" in item.type
        ]

    assert "annotations-risk-level" in told(clientAddress="forwardedFor")[0]
    assert told() == []


@pytest.mark.parametrize(
    "routing",
    [
        {"affinity": "cookie"},
        {"router": "traefik"},
        {"router": "none"},
    ],
)
def test_it_is_refused_where_it_would_do_nothing(routing: dict[str, Any]) -> None:
    found = validate(body(spec(clientAddress="forwardedFor", **routing)))
    assert any("forwardedFor also for ingress-nginx with affinity clientIP" in str(problem) for problem in found)
