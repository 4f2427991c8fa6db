"""The chart's objects on an API server, with Helm 3 and Helm 4: upgraded, rolled back, side by side, and gone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor, fresh_namespace
from tests.crds import wait_served
from tests.helm.test_values import EVERYTHING, MATRIX, SELECTOR, identities, rendered
from tests.helm.tool import CHART, CRD, HELM_VERSIONS, NO_CLUSTER, RELEASE, Helm, HelmError, helm_binary, installed_by

pytestmark = pytest.mark.api

NAME = "sio-socketio-operator"
CHAT = {
    "apiVersion": "socketio-operator.dev/v1alpha1",
    "kind": "SocketIOCluster",
    "metadata": {"name": "chat"},
    "spec": {"image": "registry.example/chat:1", "routing": {"host": "chat.example"}},
}


@pytest.fixture(params=sorted(HELM_VERSIONS), ids=lambda major: f"helm{major}")
def helm(request: pytest.FixtureRequest, cluster: Cluster, namespace: str) -> Iterator[Helm]:
    with installed_by(Helm(helm_binary(request.param), cluster.kubeconfig, namespace)) as tool:
        yield tool


def helm_with(helm: Helm, verb: str, chart: Path, values: dict[str, Any], *options: str) -> str:
    """No node runs the operator: nothing waits for it."""
    return helm(verb, RELEASE, str(chart), *options, "-f", "-", input=yaml.safe_dump(values))


def operator(kubectl: Kubectl) -> dict[str, Any]:
    found: dict[str, Any] = kubectl.json("get", "deployment", NAME)
    return found


def arguments(kubectl: Kubectl) -> list[str]:
    made: list[str] = operator(kubectl)["spec"]["template"]["spec"]["containers"][0]["args"]
    return made


@pytest.mark.usefixtures("without_crd")
def test_a_release_is_upgraded_rolled_back_and_gone(helm: Helm, kubectl: Kubectl, former_chart: Path) -> None:
    values: dict[str, Any] = {
        "watchNamespaces": [kubectl.namespace],
        "defaultImages": {"redis": "registry.example/redis:7"},
    }
    helm_with(helm, "install", former_chart, values)
    wait_served(kubectl, CRD)
    kubectl.apply(CHAT)
    before, chat, former_arguments = operator(kubectl), kubectl.json("get", "sio", "chat"), arguments(kubectl)
    names = identities(list(yaml.safe_load_all(helm("get", "manifest", RELEASE))))

    helm_with(helm, "upgrade", CHART, {"workers": 3}, "--reset-then-reuse-values")
    upgraded = operator(kubectl)
    assert "--workers=3" in arguments(kubectl)
    assert "registry.example/redis:7" in json.dumps(upgraded), "values of the former release count"
    assert upgraded["metadata"]["uid"] == before["metadata"]["uid"], "replaced, not upgraded"
    assert upgraded["spec"]["selector"]["matchLabels"] == SELECTOR
    assert identities(list(yaml.safe_load_all(helm("get", "manifest", RELEASE)))) == names

    helm("rollback", RELEASE, "1")
    assert arguments(kubectl) == former_arguments
    assert operator(kubectl)["metadata"]["uid"] == before["metadata"]["uid"]

    helm("uninstall", RELEASE, "--wait")
    assert kubectl.json("get", "deployments,serviceaccounts,roles,rolebindings", "-l", labels(SELECTOR))["items"] == []
    assert kubectl.json("get", "sio", "chat")["metadata"]["uid"] == chat["metadata"]["uid"], "the cluster stays"
    assert kubectl.json("get", "sio", "chat")["metadata"]["generation"] == chat["metadata"]["generation"]


def labels(selector: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.items())


def test_another_selector_would_be_refused(kubectl: Kubectl) -> None:
    """The control of the upgrade: a chart that changed the selector would not get through."""
    made = rendered(Helm(helm_binary(4), NO_CLUSTER, kubectl.namespace), {})
    (deployment,) = (one for one in made if one["kind"] == "Deployment")
    kubectl.apply(deployment)
    more = {"app.kubernetes.io/instance": RELEASE}
    deployment["spec"]["selector"]["matchLabels"] |= more
    with pytest.raises(KubectlError, match="field is immutable"):
        kubectl.apply(deployment)


@pytest.mark.usefixtures("without_crd")
def test_two_releases_of_one_name_live_in_two_namespaces(
    helm: Helm, kubectl: Kubectl, cluster: Cluster, request: pytest.FixtureRequest
) -> None:
    with (
        fresh_namespace(cluster, "the-other-one", request.config) as other,
        installed_by(Helm(helm.binary, cluster.kubeconfig, other.namespace)) as beside,
    ):
        aggregated = {"rbac": {"aggregate": {"view": True}}}
        helm_with(helm, "install", CHART, aggregated)
        with pytest.raises(HelmError, match="CustomResourceDefinition"):
            helm_with(beside, "install", CHART, {})
        beside("uninstall", RELEASE, "--ignore-not-found")
        helm_with(beside, "install", CHART, {"crds": {"enabled": False}, **aggregated})
        helm("uninstall", RELEASE, "--wait")
        assert operator(other)["metadata"]["namespace"] == other.namespace
        roles = {role["metadata"]["name"] for role in kubectl.json("get", "clusterroles")["items"]}
        assert {name for name in roles if name.startswith(NAME)} == {
            f"{NAME}:{other.namespace}",
            f"{NAME}:{other.namespace}:view",
        }


def test_an_upgrade_leaves_the_operator_its_rights(helm: Helm, kubectl: Kubectl, former_chart: Path) -> None:
    account = f"system:serviceaccount:{kubectl.namespace}:{NAME}"
    values = {"crds": {"enabled": False}}
    helm_with(helm, "install", former_chart, values)
    assert may(kubectl, account, "list")
    helm_with(helm, "upgrade", CHART, values)
    assert may(kubectl, account, "list")
    roles = {role["metadata"]["name"] for role in kubectl.json("get", "clusterroles")["items"]}
    assert {name for name in roles if name.startswith(NAME)} == {f"{NAME}:{kubectl.namespace}"}, "none is left over"


def test_who_has_a_builtin_role_may_use_the_resource(helm: Helm, kubectl: Kubectl, wait_for: WaitFor) -> None:
    for role in ("view", "edit", "admin"):
        kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={role}")
    values = {"crds": {"enabled": False}}
    helm_with(helm, "install", CHART, values)
    assert [role for role in ("view", "edit", "admin") if may(kubectl, role, "get")] == []
    helm_with(helm, "upgrade", CHART, {**values, "rbac": {"aggregate": {"view": True, "edit": True}}})
    wait_for(lambda: may(kubectl, "admin", "create") and may(kubectl, "admin", "get"), 30, "rights of admin")
    verbs = ("get", "create", "patch", "delete")
    granted = {role: [verb for verb in verbs if may(kubectl, role, verb)] for role in ("view", "edit", "admin")}
    assert granted == {"view": ["get"], "edit": list(verbs), "admin": list(verbs)}


def may(kubectl: Kubectl, user: str, verb: str) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {
                "namespace": kubectl.namespace,
                "group": "socketio-operator.dev",
                "resource": "socketioclusters",
                "verb": verb,
            },
        },
    }
    answer = json.loads(kubectl("create", "-o", "json", "-f", "-", input=json.dumps(review)))
    return bool(answer["status"]["allowed"])


@pytest.mark.usefixtures("prometheus_operator")
@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_api_server_takes_every_object(kubectl: Kubectl, values: dict[str, Any]) -> None:
    if "watchNamespaces" in values:
        values = {**values, "watchNamespaces": [kubectl.namespace]}
    made = rendered(Helm(helm_binary(4), NO_CLUSTER, kubectl.namespace), values)
    text = "\n".join(map(json.dumps, made))
    options = ("--server-side", "--force-conflicts", "--validate=strict", "--dry-run=server")
    taken = kubectl("apply", *options, "-f", "-", input=text).splitlines()
    assert len(taken) == len(made)


def test_the_api_server_refuses_an_unknown_field(kubectl: Kubectl) -> None:
    """The control of the dry runs."""
    made = rendered(Helm(helm_binary(4), NO_CLUSTER, kubectl.namespace), EVERYTHING)
    (deployment,) = (one for one in made if one["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["prioritiesClassName"] = "high"
    with pytest.raises(KubectlError, match="prioritiesClassName"):
        kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", input=json.dumps(deployment))
