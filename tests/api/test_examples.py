"""examples/full*.yaml as a user applies them: taken field by field, and every child of them is accepted."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from socketio_operator.api import KIND, SocketIOCluster
from socketio_operator.desired.children import build_children
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import OPTIONAL_KINDS, ref_of
from tests import crds
from tests.api.test_routers import condition, exists
from tests.cluster.cluster import Cluster
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess
from tests.unit.test_examples import ALTERNATIVES, BROUGHT_BY_OTHERS, FULL, objects

pytestmark = pytest.mark.api

OF_NO_NAMESPACE = ("PriorityClass", "RuntimeClass")


@pytest.fixture(scope="module")
def admin(cluster: Cluster) -> Iterator[Kubectl]:
    """kubectl for what belongs to no namespace; nothing of that is left at the end."""
    kubectl = Kubectl(cluster, "default")
    yield kubectl
    crds.uninstall(kubectl, *OPTIONAL_KINDS)
    for one in objects(FULL):
        if one["kind"] in OF_NO_NAMESPACE:
            kubectl("delete", one["kind"], one["metadata"]["name"], "--ignore-not-found")


def applied(kubectl: Kubectl, one: dict[str, Any], *options: str) -> dict[str, Any]:
    """What the API server makes of an object that may hold no unknown field."""
    said = kubectl("apply", "--validate=strict", "-o", "json", *options, "-f", "-", input=json.dumps(one))
    taken: dict[str, Any] = json.loads(said)
    return taken


def bring_certificates(kubectl: Kubectl) -> None:
    for name in BROUGHT_BY_OTHERS:
        data = {"tls.crt": "a certificate", "tls.key": "its key"}
        kubectl.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})


def holds(taken: Any, asked: Any) -> bool:
    """Whether all that was asked for is in what was taken, which may have defaults beside it."""
    if isinstance(asked, dict):
        return all(name in taken and holds(taken[name], value) for name, value in asked.items())
    if isinstance(asked, list):
        return len(taken) == len(asked) and all(map(holds, taken, asked))
    return bool(taken == asked)


@pytest.mark.parametrize("path", [FULL, *ALTERNATIVES], ids=lambda path: path.name)
def test_an_example_is_taken_and_so_are_its_children(
    path: Path, admin: Kubectl, kubectl: Kubectl, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    crds.install(admin, *OPTIONAL_KINDS)
    bring_certificates(kubectl)
    for one in objects(path):
        where = admin if one["kind"] in OF_NO_NAMESPACE else kubectl
        for options in (("--dry-run=server",), ()):
            taken = applied(where, one, *options)
            assert one["kind"] == "Secret" or holds(taken, one)
    children = build_children(SocketIOCluster.parse(kubectl.json("get", "sio", "chat")), Inputs())
    wait_for(partial(exists, kubectl, [ref_of(child) for child in children]), 90, "all children")
    wait_for(lambda: condition(kubectl, "chat", "Stalled") is None, 15, "no complaint")
    assert condition(kubectl, "chat", "Ready") is not None


def test_an_unknown_field_would_be_seen(kubectl: Kubectl, operator: OperatorProcess) -> None:
    """The control."""
    (full,) = (one for one in objects(FULL) if one["kind"] == KIND)
    full["spec"]["routing"]["proxy"]["pod"]["priorityClass"] = "realtime"
    with pytest.raises(KubectlError, match=r"spec\.routing\.proxy\.pod\.priorityClass"):
        applied(kubectl, full, "--dry-run=server")
