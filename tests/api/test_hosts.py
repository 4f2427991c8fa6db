"""Several hosts and paths, annotations and labels: accepted by the API server for every route, and taken back."""

from functools import partial
from typing import Any

import pytest

from socketio_operator.desired.kinds import OPTIONAL_KINDS
from tests import crds
from tests.api.conftest import Apply
from tests.api.test_routers import AT_REST, condition, exists, route_of
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess
from tests.unit.test_hosts import HOSTS, OWN, PATHS
from tests.unit.test_routers import WAYS, routing

pytestmark = pytest.mark.api

ENGINE = {"path": "/chat/socket.io"}
Told = tuple[Any, ...]
NOTES: dict[str, Any] = {"annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}, "labels": {"team": "chat"}}


def test_each_router_has_them(
    apply: Apply, cluster: Cluster, kubectl: Kubectl, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    admin = Kubectl(cluster, "default")
    crds.install(admin, *OPTIONAL_KINDS)
    names: dict[str, dict[str, Any]] = {}
    for router, implementation in [*WAYS, ("proxy", "")]:
        for affinity in ("none", "clientIP"):
            name = f"c{len(names)}"
            notes = {} if router in ("proxy", "direct", "none") else NOTES
            names[name] = routing(router, implementation, affinity, **HOSTS, **PATHS, **notes)
            apply(name, **AT_REST, engine=ENGINE, routing=names[name])
    try:
        for name, asked in names.items():
            wait_for(partial(exists, kubectl, route_of(kubectl, name)), 60, f"the route of {asked}")
            wait_for(partial(lacks, kubectl, name, "Stalled"), 15, f"{name} without a complaint")
    finally:
        crds.uninstall(admin, *OPTIONAL_KINDS)


def lacks(kubectl: Kubectl, name: str, type_: str) -> bool:
    return condition(kubectl, name, type_) is None


def told_by(kubectl: Kubectl) -> Told:
    """Hosts, paths of the first, certificates, and what a user added."""
    found = kubectl.json("get", "ingress", "chat")
    rules, meta = found["spec"]["rules"], found["metadata"]
    return (
        [rule["host"] for rule in rules],
        [path["path"] for path in rules[0]["http"]["paths"]],
        [one["secretName"] for one in found["spec"].get("tls", ())],
        {key: value for key, value in meta["annotations"].items() if "nginx" not in key},
        meta["labels"].get("team"),
    )


@pytest.mark.usefixtures("operator")
def test_what_was_added_goes_again(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(**AT_REST, engine=ENGINE, routing=routing("ingress-nginx"))
    before: Told = (["chat.example.com"], ["/"], [], {}, None)
    wait_for(lambda: told_by(kubectl) == before, 30, "the Ingress of one host")
    apply(**AT_REST, engine=ENGINE, routing=routing("ingress-nginx", **OWN, **PATHS, **NOTES))
    after: Told = (
        ["chat.example.com", "www.example.com"],
        ["/chat", "/api/", "/up/load"],
        ["chat-tls", "www-tls"],
        NOTES["annotations"],
        "chat",
    )
    wait_for(lambda: told_by(kubectl) == after, 30, "the Ingress of two")
    apply(**AT_REST, engine=ENGINE, routing=routing("ingress-nginx"))
    wait_for(lambda: told_by(kubectl) == before, 30, "the Ingress of one host again")


@pytest.mark.usefixtures("operator")
def test_warnings_reach_the_status_and_end(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    bare = {"runtime": {"inject": "none"}, "adapter": {"type": "none"}}
    apply(**bare, replicas=2, routing=routing("ingress-nginx", "", "none"))
    for type_ in ("AffinityMissing", "AdapterMissing"):
        wait_for(partial(condition, kubectl, "chat", type_), 30, type_)
    apply(**bare, replicas=1, routing=routing("ingress-nginx", "", "none"))
    for type_ in ("AffinityMissing", "AdapterMissing"):
        wait_for(partial(lacks, kubectl, "chat", type_), 30, f"no {type_}")
