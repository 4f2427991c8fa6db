"""The CRDs of controllers as their projects publish them, from Go modules; nothing of them is kept in Git."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from socketio_operator.desired.kinds import CHILD_KINDS, OPTIONAL_KINDS, Kind
from tests.cluster.building import module_source
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.layout import BUILD
from tests.cluster.waiting import wait_for


@dataclass(frozen=True)
class Published:
    """A file with CRDs in a Go module."""

    module: str
    version: str
    path: str


_TRAEFIK = Published(
    "github.com/traefik/traefik/v3",
    "v3.7.9",
    "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
)


def _of_gateway_api(plural: str) -> Published:
    path = f"config/crd/standard/gateway.networking.k8s.io_{plural}.yaml"
    return Published("sigs.k8s.io/gateway-api", "v1.6.1", path)


def _of_envoy_gateway(path: str) -> Published:
    folder = "charts/gateway-helm/charts/crds/crds"
    return Published("github.com/envoyproxy/gateway", "v1.9.0", f"{folder}/{path}")


def _of_envoy(plural: str) -> Published:
    return _of_envoy_gateway(f"generated/gateway.envoyproxy.io_{plural}.yaml")


PUBLISHED = {
    "IngressRoute": _TRAEFIK,
    "TraefikService": _TRAEFIK,
    "HTTPRoute": _of_gateway_api("httproutes"),
    "BackendTrafficPolicy": _of_envoy("backendtrafficpolicies"),
}
# All that a controller of the Gateway API wants to watch.
GATEWAY_API = (
    *("gatewayclasses", "gateways", "listenersets", "httproutes", "grpcroutes", "tlsroutes"),
    *("referencegrants", "backendtlspolicies"),
)
ENVOY_GATEWAY = (
    *("backends", "backendtrafficpolicies", "clienttrafficpolicies", "envoyextensionpolicies"),
    *("envoypatchpolicies", "envoyproxies", "httproutefilters", "securitypolicies"),
)
# Their module cannot be had everywhere: a CRD that takes everything stands for each.
UNPUBLISHED = tuple(kind for kind in OPTIONAL_KINDS if kind.kind not in PUBLISHED)


def crd(kind: str) -> dict[str, Any]:
    """The CRD of an optional kind. Raises ClusterError when its module cannot be had."""
    if kind not in PUBLISHED:
        return _open(CHILD_KINDS[kind])
    documents = yaml.safe_load_all(_file(PUBLISHED[kind]).read_text(encoding="utf-8"))
    found: dict[str, Any] = next(one for one in documents if one and one["spec"]["names"]["kind"] == kind)
    return found


def of_traefik() -> list[dict[str, Any]]:
    """Every CRD that Traefik's providers kubernetescrd and kubernetesgateway watch."""
    return _all_of(_TRAEFIK, *map(_of_gateway_api, GATEWAY_API))


def of_prometheus_operator(*plurals: str) -> list[dict[str, Any]]:
    """Prometheus Operator's CRDs of these plurals."""
    folder = "example/prometheus-operator-crd/monitoring.coreos.com"
    module = ("github.com/prometheus-operator/prometheus-operator", "v0.85.0")
    return _all_of(*(Published(*module, f"{folder}_{plural}.yaml") for plural in plurals))


def of_envoy_gateway() -> list[dict[str, Any]]:
    """Every CRD that Envoy Gateway's chart installs: the Gateway API's, experimental ones too, and its own."""
    return _all_of(_of_envoy_gateway("gatewayapi-crds.yaml"), *map(_of_envoy, ENVOY_GATEWAY))


def _all_of(*files: Published) -> list[dict[str, Any]]:
    texts = (_file(file).read_text(encoding="utf-8") for file in files)
    # libyaml: what is in Python takes a minute for the Gateway API's 20,000 lines on a busy machine.
    return [one for text in texts for one in yaml.load_all(text, Loader=yaml.CSafeLoader) if one]


def name_of(kind: Kind) -> str:
    """The name of a kind's CRD."""
    return f"{kind.plural}.{kind.api_version.partition('/')[0]}"


def install(kubectl: Kubectl, *kinds: Kind) -> None:
    """Installs the CRDs of `kinds` and waits until they are served."""
    serve(kubectl, *(crd(kind.kind) for kind in kinds))


def serve(kubectl: Kubectl, *found: dict[str, Any]) -> None:
    """Installs CRDs and waits until they are served."""
    # Some are too large for the annotation of a client-side apply.
    text = "\n".join(map(json.dumps, found))
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)
    wait_served(kubectl, *(f"crd/{one['metadata']['name']}" for one in found))


@contextmanager
def serving(kubectl: Kubectl, *found: dict[str, Any]) -> Iterator[None]:
    """CRDs that are served for as long as the block runs; then they go, with all objects of them."""
    serve(kubectl, *found)
    try:
        yield
    finally:
        kubectl("delete", "crd", *(one["metadata"]["name"] for one in found), "--wait")


def wait_served(kubectl: Kubectl, *crds: str) -> None:
    """Waits until these are served; each is crd/NAME."""
    # kubectl ends with an error while a CRD has no conditions yet.
    wait_for(
        lambda: kubectl("wait", "--for=condition=Established", *crds), 60, " ".join(crds), tolerate=(KubectlError,)
    )


def uninstall(kubectl: Kubectl, *kinds: Kind) -> None:
    """Deletes the CRDs of `kinds` and all objects of them."""
    kubectl("delete", "crd", *(name_of(kind) for kind in kinds), "--ignore-not-found", "--wait")


def _file(published: Published) -> Path:
    folder = BUILD / "crds" / f"{published.module.replace('/', '_')}@{published.version}"
    kept = folder / Path(published.path).name
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        source = module_source(f"{published.module}@{published.version}")
        shutil.copyfile(source / published.path, kept)
    return kept


def _open(kind: Kind) -> dict[str, Any]:
    group, _, version = kind.api_version.partition("/")
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower(), "listKind": f"{kind.kind}List"}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name_of(kind)},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }
