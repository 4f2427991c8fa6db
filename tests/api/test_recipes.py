"""The recipes of docs/cloud-load-balancers.md: an API server accepts what they say, and they name what is made."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import build_children
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.operator_process import OperatorProcess
from tests.unit.samples import INPUTS

PAGE = Path(__file__).parents[2] / "docs" / "cloud-load-balancers.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
# Its CRD comes with the cloud alone.
UNCHECKED = {"BackendConfig"}


def objects(block: str) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(block) if one["kind"] not in UNCHECKED]


@pytest.mark.api
@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_recipe_is_accepted(block: str, kubectl: Kubectl, operator: OperatorProcess) -> None:
    for one in objects(block):
        kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", input=json.dumps(one))


@pytest.mark.api
def test_a_recipe_with_a_mistake_is_not(kubectl: Kubectl, operator: OperatorProcess) -> None:
    """The control."""
    (ingress,) = (one for one in objects(BLOCKS[0]) if one["kind"] == "Ingress")
    ingress["spec"]["rules"][0]["http"]["paths"][0]["pathTyp"] = "Prefix"
    with pytest.raises(KubectlError, match="pathTyp"):
        kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", input=json.dumps(ingress))


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_ingress_of_a_recipe_leads_to_the_service_of_its_cluster(block: str) -> None:
    (of,) = (one for one in objects(block) if one["kind"] == "SocketIOCluster")
    of["metadata"] |= {"namespace": "team", "uid": "uid-1", "generation": 1}
    made = build_children(SocketIOCluster.parse(of), INPUTS)
    services = {one["metadata"]["name"]: one["spec"]["ports"] for one in made if one["kind"] == "Service"}
    for ingress in (one for one in objects(block) if one["kind"] == "Ingress"):
        service = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        assert service["port"]["name"] in {port["name"] for port in services[service["name"]]}
