"""What is read without kubectl is what kubectl reads."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.cluster import reading
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.reading import Query

APP = {"app": "one"}
OBJECTS = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "labels": APP}, "data": {"key": "value"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "labels": APP}},
]
READ = [
    ("get", "configmap", "one"),
    ("get", "configmap/one"),
    ("get", "cm"),
    ("get", "ConfigMap", "-l", "app=one"),
    ("get", "configmaps,secrets", "--selector=app in (one,two)"),
    ("get", "cm", "--field-selector=metadata.name=two"),
    ("get", "events.events.k8s.io"),
    ("get", "namespaces"),
    ("get", "deployments.apps"),
    ("get", "clusterrole", "view"),
]


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["get", "sio", "chat"], Query(("sio",), "chat")),
        (["get", "sio/chat"], Query(("sio",), "chat")),
        (["get", "Pods,services", "-l", "a=b"], Query(("pods", "services"), selected={"labelSelector": "a=b"})),
        (["get", "pods", "-A"], None),
        (["get", "pods", "one", "two"], None),
        (["get", "pod/one", "pod/two"], None),
        (["get", "sio", "chat", "--show-managed-fields"], None),
        (["patch", "sio", "chat"], None),
        ([], None),
    ],
)
def test_which_arguments_need_no_kubectl(arguments: Sequence[str], query: Query | None) -> None:
    assert reading.parsed(arguments) == query


@pytest.mark.api
def test_it_is_what_kubectl_reads(kubectl: Kubectl) -> None:
    kubectl.apply(*OBJECTS)
    for arguments in READ:
        said = json.loads(kubectl(*arguments, "--output=json"))
        if said["kind"] == "List":
            del said["metadata"]
        assert read(kubectl, *arguments) == said, arguments


@pytest.mark.api
def test_what_is_not_there_is_told_in_kubectl_s_words(kubectl: Kubectl) -> None:
    missing = ("get", "configmap", "missing")
    with pytest.raises(KubectlError) as by_kubectl:
        kubectl(*missing)
    with pytest.raises(KubectlError) as by_us:
        read(kubectl, *missing)
    assert str(by_kubectl.value).endswith(str(by_us.value))
    assert read(kubectl, "get", "nonsense") is None, "left to kubectl"


def read(kubectl: Kubectl, *arguments: str) -> Any:
    return reading.get(kubectl.cluster.kubeconfig, arguments, kubectl.namespace)
