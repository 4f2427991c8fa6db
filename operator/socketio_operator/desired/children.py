"""All children of a cluster, in the order in which they are applied."""

from dataclasses import dataclass
from typing import Any

import orjson

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.child_metadata import with_child_metadata
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import CHILD_KINDS, WORKLOADS, Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers import ROUTERS


@dataclass(frozen=True, slots=True)
class Wanted:
    """One child that should be, as compact as it can be kept.

    `content`: canonical JSON of what an apply would own. `stage`: children of one stage are applied side by side, after
    those of the stages before. `component`: the label of the one it belongs to; empty for a part of the route.
    """

    ref: Ref
    namespace: str
    content: bytes
    stage: int
    component: str = ""

    @classmethod
    def of(cls, manifest: Manifest, stage: int = 0, component: str = "") -> "Wanted":
        """From a manifest."""
        return cls(
            ref_of(manifest), manifest["metadata"]["namespace"], canonical_json(appliable(manifest)), stage, component
        )

    @property
    def manifest(self) -> Manifest:
        """The manifest again, as a copy of one's own."""
        body: Manifest = orjson.loads(self.content)
        meta = {"name": self.ref.name, "namespace": self.namespace, **body.pop("metadata")}
        return {"apiVersion": CHILD_KINDS[self.ref.kind].api_version, "kind": self.ref.kind, "metadata": meta, **body}


def canonical_json(value: Any) -> bytes:
    """Equal values give equal bytes."""
    # As a copy: what orjson returns holds on to a buffer several times its size.
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)))


def appliable(manifest: Manifest) -> Manifest:
    """`manifest` without what identifies it: the same form as a projection on our fields of a live object."""
    meta = {key: value for key, value in manifest["metadata"].items() if key not in ("name", "namespace")}
    body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    return {**body, "metadata": meta}


def _built(cluster: SocketIOCluster, inputs: Inputs) -> list[tuple[int, str, Manifest]]:
    """(stage, component, manifest): what pods refer to, then workloads in the order of components and the route."""
    found = [
        (int(manifest["kind"] in WORKLOADS), component.label, manifest)
        for component in COMPONENTS.values()
        if component.wanted(cluster)
        for build in component.builders
        if (manifest := build(cluster, inputs)) is not None
    ]
    route = ROUTERS[cluster.spec.routing.router].build(cluster, inputs)
    # A route goes to the API server after the Services that it leads to, so that it never leads nowhere.
    parts = ((int(manifest["kind"] != "Service"), "", manifest) for manifest in route)
    built = sorted([*found, *parts], key=lambda item: item[0])
    return [(stage, component, with_child_metadata(cluster, manifest)) for stage, component, manifest in built]


def build_children(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The manifests of everything that the cluster consists of. Equal input gives equal output."""
    return tuple(manifest for _, _, manifest in _built(cluster, inputs))


def wanted_children(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Wanted, ...]:
    """The same, in the form that decisions compare."""
    return tuple(Wanted.of(manifest, stage, component) for stage, component, manifest in _built(cluster, inputs))
