"""The children of every sample, byte for byte, as they were before the engine was laid out anew.

A change of what is written reaches pods and routes of clusters that run: it is seen here first. To take a new copy
after a change that is meant: `python -m tests.unit.test_golden`.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import build_children
from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.unit.samples import FULL, INPUTS, LEAST, body

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = Path(__file__).parents[2] / "examples"
PUBLIC = {"name": "public"}
TRAEFIK = {**PUBLIC, "namespace": "edge", "sectionName": "https", "implementation": "traefik"}
EXTERNAL = {"broker": "external", "external": {"secretName": "shared"}}

HOSTS: dict[str, Any] = {
    "host": "chat.example.com",
    "hosts": [{"name": "*.chat.example.com"}, {"name": "www.example.com"}],
    "path": "/chat",
    "paths": ["/api/", "/upload"],
    "tls": {"secretName": "chat-tls"},
}

ROUTINGS: dict[str, dict[str, Any]] = {
    "f5-nginx": {"router": "f5-nginx"},
    "f5-nginx-cookie": {"router": "f5-nginx", "affinity": "cookie"},
    "traefik": {"router": "traefik"},
    "traefik-cookie": {"router": "traefik", "affinity": "cookie", "tls": {"secretName": "chat-tls"}},
    "haproxy-ingress": {"router": "haproxy-ingress"},
    "haproxy-ingress-cookie": {"router": "haproxy-ingress", "affinity": "cookie"},
    "haproxytech": {"router": "haproxytech"},
    "haproxytech-cookie": {"router": "haproxytech", "affinity": "cookie"},
    "gateway": {"router": "gateway", "gateway": PUBLIC, "affinity": "none"},
    "gateway-traefik": {"router": "gateway", "gateway": TRAEFIK, "affinity": "cookie"},
    "gateway-envoy": {"router": "gateway", "gateway": {"name": "public", "implementation": "envoy-gateway"}},
    "gateway-nginx": {
        "router": "gateway",
        "gateway": {"name": "public", "implementation": "nginx-gateway-fabric"},
    },
    "direct": {"router": "direct", "affinity": "none"},
    "direct-proxy": {"router": "proxy", "direct": {}, "tls": {"secretName": "chat-tls"}},
    "none": {"router": "none", "service": {"type": "LoadBalancer", "annotations": {"example.com/nlb": "yes"}}},
}


def proxied(program: str, affinity: str) -> dict[str, Any]:
    routing = {"host": "a.example", "router": "proxy", "affinity": affinity, "proxy": {"type": program}}
    return {**LEAST, "routing": routing}


SAMPLES: dict[str, dict[str, Any]] = {
    "least": LEAST,
    "full": FULL,
    "defaults-of-new-ones": LEAST,
    "no-adapter": {**LEAST, "adapter": {"type": "none"}},
    "no-runtime": {**LEAST, "runtime": {"inject": "none"}},
    "python": {**LEAST, "runtime": {"inject": "python", "drainSeconds": 60}, "port": 5000},
    "workers": {**LEAST, "workers": {"count": 4}, "adapter": {"type": "redis-sharded"}},
    "external-redis": {**LEAST, "adapter": EXTERNAL},
    "external-postgres": {**LEAST, "adapter": {"type": "postgres", **EXTERNAL}},
    "external-mongo": {**LEAST, "adapter": {"type": "mongo", **EXTERNAL, "env": {"url": "DB"}}},
    "websocket-only": {
        **LEAST,
        "engine": {"transports": ["websocket"]},
        "routing": {"host": "a.example", "affinity": "none"},
    },
    "path-and-timeouts": {
        **LEAST,
        "engine": {"path": "/chat/socket.io"},
        "routing": {"host": "a.example", "path": "/chat", "timeouts": {"readSeconds": 120, "sendSeconds": 90}},
    },
    **{
        f"router-{name}": {**LEAST, "routing": {"host": "chat.example.com", **routing}}
        for name, routing in ROUTINGS.items()
    },
    **{
        f"hosts-{name}": {
            **LEAST,
            "engine": {"path": "/chat/socket.io"},
            "routing": {**HOSTS, **ROUTINGS.get(name, {})},
        }
        for name in ("ingress-nginx", "traefik", "gateway")
    },
    **{
        f"proxy-{program}-{affinity}": proxied(program, affinity)
        for program in PROGRAMS
        for affinity in ("clientIP", "cookie", "none")
    },
    "proxy-full": {
        **LEAST,
        "runtime": {"inject": "none"},
        "routing": {
            "host": "a.example",
            "path": "/chat/",
            "router": "proxy",
            "affinity": "cookie",
            "cookie": {"name": "pod", "maxAgeSeconds": 3600, "sameSite": "None"},
            "tls": {"secretName": "chat-tls"},
            "clientAddress": "forwardedFor",
            "trustedProxies": ["10.0.0.0/8", "2001:DB8::/32"],
            "service": {
                "type": "LoadBalancer",
                "annotations": {"example.com/kind": "network"},
                "labels": {"team": "chat"},
                "loadBalancerClass": "example.com/network",
                "trafficDistribution": "PreferSameZone",
            },
            "proxy": {
                "replicas": 3,
                "image": "registry.example/haproxy:3.0",
                "resources": {"limits": {"memory": "1024Mi"}},
                "pod": {"nodeSelector": {"edge": "true"}},
            },
        },
    },
    "pod-settings": {
        **LEAST,
        "volumes": [{"name": "settings", "configMap": {"name": "app"}}],
        "pod": {
            "securityContext": {"runAsGroup": 2000, "fsGroup": 3000, "readOnlyRootFilesystem": True},
            "initContainers": [
                {"name": "migrate", "image": "registry.example/chat:1.4", "command": ["node", "migrate.js"]},
                {"name": "db-proxy", "image": "registry.example/db-proxy:2", "restartPolicy": "Always"},
            ],
            "sidecars": [
                {
                    "name": "exporter",
                    "image": "registry.example/exporter:1.2",
                    "ports": [{"name": "metrics", "containerPort": 9102}],
                    "volumeMounts": [{"name": "settings", "mountPath": "/etc/exporter"}],
                    "livenessProbe": {"tcpSocket": {"port": 9102}},
                }
            ],
        },
        "runtime": {"resources": {"limits": {"cpu": "100m", "memory": "64Mi"}}},
        "adapter": {
            "managed": {
                "pod": {"labels": {"team": "chat"}, "priorityClassName": "important"},
                "podDisruptionBudget": False,
            }
        },
    },
    **{
        f"example-{path.parent.name}": yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for path in sorted(EXAMPLES.glob("*/socketiocluster.yaml"))
    },
}


NEW = ("defaults-of-new-ones", *(name for name in SAMPLES if name.startswith("example-")))


def stored(name: str) -> dict[str, Any]:
    """As the API server has those that were made when it stored a default for the adapter's type."""
    spec = SAMPLES[name]
    return spec if name in NEW else {**spec, "adapter": {"type": "redis", **spec.get("adapter", {})}}


def children_of(name: str) -> str:
    built = build_children(SocketIOCluster.parse(body(stored(name))), INPUTS)
    by_reference = {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in built}
    return json.dumps(by_reference, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("name", SAMPLES)
def test_children_are_those_of_the_golden_copy(name: str) -> None:
    assert children_of(name) == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for sample in SAMPLES:
        (GOLDEN / f"{sample}.json").write_text(children_of(sample), encoding="utf-8")
