"""The SocketIOClusters that are measured with, and their children as the operator renders them."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import build_children
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import CHILD_KINDS, Kind
from tests.bench.admin import APPLY
from tests.installation import TEST_IMAGES

API_VERSION, KIND, PLURAL = "socketio-operator.dev/v1alpha1", "SocketIOCluster", "socketioclusters"
PODS = 3
SHAPE = f"{PODS} pods, managed Redis, runtime for Node.js"
# Nothing ever pulls it.
IMAGE = "registry.local/none:1"

Json = dict[str, Any]
Request = dict[str, str]


def body(namespace: str, number: int, **spec: Any) -> Json:
    """One cluster as a user writes it."""
    name = name_of(number)
    routing = {"host": f"{name}.{namespace}.localhost", **spec.pop("routing", {})}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"image": IMAGE, "replicas": PODS, "routing": routing, **spec},
    }


def name_of(number: int) -> str:
    """The name of the cluster of that number."""
    return f"chat-{number:04d}"


def children(cluster: Json) -> tuple[Json, ...]:
    """What the operator would apply for a cluster; `metadata.uid` as the API server gave it."""
    inputs = Inputs(
        images=Images(
            redis=TEST_IMAGES["--redis-image"],
            runtime_node=TEST_IMAGES["--runtime-node-image"],
            runtime_python=TEST_IMAGES["--runtime-python-image"],
        ),
        redis_password=secrets.token_urlsafe(32),
        runtime_token=secrets.token_urlsafe(32),
        session_key=secrets.token_urlsafe(32),
    )
    return build_children(SocketIOCluster.parse(cluster), inputs)


def kinds_of_children() -> Counter[str]:
    """How many children of which kind a cluster has."""
    cluster = body("any", 0)
    cluster["metadata"]["uid"] = "any"
    return Counter(child["kind"] for child in children(cluster))


def collection(kind: Kind, namespace: str) -> str:
    """URL path of a kind's objects in a namespace."""
    root = "/api/v1" if kind.api_version == "v1" else f"/apis/{kind.api_version}"
    return f"{root}/namespaces/{namespace}/{kind.plural}"


def clusters_path(namespace: str) -> str:
    """URL path of the clusters of a namespace."""
    return f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}"


def apply_clusters(namespace: str, numbers: Iterable[int]) -> Iterator[Request]:
    """Requests that apply clusters, as `kubectl apply --server-side` does."""
    for number in numbers:
        path = f"{clusters_path(namespace)}/{name_of(number)}?fieldManager=kubectl"
        yield {"method": "PATCH", "path": path, "type": APPLY, "body": json.dumps(body(namespace, number))}


def apply_children(clusters: Iterable[Json]) -> Iterator[Request]:
    """Requests that apply all children of clusters, as the operator does: same objects, field manager and order."""
    for cluster in clusters:
        for child in children(cluster):
            yield apply_child(child, json.dumps(child))


def apply_child(child: Json, text: str) -> Request:
    """The request that applies one child; `text`: its JSON."""
    meta = child["metadata"]
    path = f"{collection(CHILD_KINDS[child['kind']], meta['namespace'])}/{meta['name']}"
    return {"method": "PATCH", "path": f"{path}?fieldManager=socketio-operator&force=true", "type": APPLY, "body": text}
