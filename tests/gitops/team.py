"""A team's folder of the repository, and what it brings into the cluster."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from socketio_operator.api import KIND
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.gitops.applications import Delivered, application, delivered
from tests.gitops.argo_cd import ArgoCD
from tests.gitops.repository import Repository

SERVER_PODS = "socketio-operator.dev/cluster=chat,socketio-operator.dev/component=server"
WORKLOADS = "deployments,replicasets,statefulsets,pods,persistentvolumeclaims"
CHILDREN = f"{WORKLOADS},services,ingresses,secrets,networkpolicies,poddisruptionbudgets,serviceaccounts"
# What every namespace has.
NOT_OURS = ("default", "kube-root-ca.crt")


@dataclass(frozen=True)
class Team:
    """One SocketIOCluster `chat` in Git and, by an Application, in the namespace of kubectl."""

    repository: Repository
    kubectl: Kubectl

    @property
    def folder(self) -> str:
        """Of the repository."""
        return f"clusters/{self.kubectl.namespace}"

    def write(self, **spec: Any) -> str:
        """Commit the cluster, and beside it what stays when it is deleted. The commit's hash."""
        note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "beside"}}
        files = {"chat.yaml": self.manifest(**spec), "beside.yaml": note}
        return self.repository.commit({f"{self.folder}/{name}": yaml.safe_dump(one) for name, one in files.items()})

    def manifest(self, name: str = "chat", **spec: Any) -> dict[str, Any]:
        """A SocketIOCluster of the chat; `spec` has more fields, or others."""
        return {
            "apiVersion": "socketio-operator.dev/v1alpha1",
            "kind": KIND,
            "metadata": {"name": name},
            "spec": {
                "image": "registry.local/chat:1",
                "routing": {"host": f"{name}.{self.kubectl.namespace}.localhost"},
                "health": {"path": "/"},
                **spec,
            },
        }

    def delete(self) -> str:
        """Commit that the cluster is gone. The commit's hash."""
        return self.repository.commit({f"{self.folder}/chat.yaml": None})

    @contextmanager
    def delivered(self, argo: ArgoCD, **more: Any) -> Iterator[Delivered]:
        """The folder's Application, `more` of its spec."""
        source = {"repoURL": self.repository.url, "path": self.folder}
        namespace = self.kubectl.namespace
        with delivered(argo, application(namespace, source, namespace, **more)) as found:
            yield found

    def live(self, name: str = "chat") -> dict[str, Any]:
        """The SocketIOCluster as the API server has it."""
        found: dict[str, Any] = self.kubectl.json("get", "sio", name)
        return found

    def condition(self, type_: str) -> dict[str, Any]:
        """Of the status; empty if there is none of that type."""
        found = self.live().get("status", {}).get("conditions", ())
        return next((item for item in found if item["type"] == type_), {})

    def patch(self, **spec: Any) -> None:
        """Change the live cluster past Git."""
        self.kubectl("patch", "sio/chat", "--type=merge", f"--patch={json.dumps({'spec': spec})}")

    def pods(self) -> dict[str, int]:
        """Restarts of each server pod that is there to stay, by its uid."""
        items = self.kubectl.json("get", "pods", "-l", SERVER_PODS)["items"]
        return {
            pod["metadata"]["uid"]: sum(one["restartCount"] for one in pod["status"].get("containerStatuses", ()))
            for pod in items
            if "deletionTimestamp" not in pod["metadata"]
        }

    def wait_pods(self, count: int, seconds: float = 90) -> None:
        """Until so many are there to stay."""
        wait_for(lambda: len(self.pods()) == count, seconds, f"{count} pods of the chat")

    def written(self) -> Mapping[str, str]:
        """As children(), without the pods: the kubelet writes their status."""
        return {name: version for name, version in self.children().items() if not name.startswith("Pod/")}

    def children(self) -> Mapping[str, str]:
        """The resourceVersion of each object in the namespace that a cluster consists of, by kind and name."""
        items = self.kubectl.json("get", CHILDREN)["items"]
        return {
            f"{one['kind']}/{one['metadata']['name']}": one["metadata"]["resourceVersion"]
            for one in items
            if one["metadata"]["name"] not in NOT_OURS
        }
