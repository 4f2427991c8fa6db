"""Further containers of the server's pods: the user's, and restricted whatever they are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import validate
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.references import needed_secrets
from socketio_operator.plan.rollout import template_reason
from tests.unit.samples import LEAST, body, children, cluster

# Everything that may be said of one.
SIDECAR: dict[str, Any] = {
    "name": "exporter",
    "image": "registry.example/exporter:1.2",
    "imagePullPolicy": "IfNotPresent",
    "command": ["/exporter"],
    "args": ["--verbose"],
    "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}],
    "envFrom": [{"secretRef": {"name": "all"}}],
    "resources": {"requests": {"cpu": "50m"}, "limits": {"memory": "64Mi"}},
    "volumeMounts": [{"name": "settings", "mountPath": "/etc/app", "readOnly": True}],
    "ports": [{"name": "metrics", "containerPort": 9102, "protocol": "TCP"}],
    "startupProbe": {"exec": {"command": ["true"]}, "failureThreshold": 30, "periodSeconds": 1},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 9102, "scheme": "HTTP"}, "timeoutSeconds": 2},
    "livenessProbe": {"tcpSocket": {"port": 9102}, "initialDelaySeconds": 5},
}
MIGRATE: dict[str, Any] = {"name": "migrate", "image": "registry.example/chat:1.4", "command": ["node", "migrate.js"]}
PROXY: dict[str, Any] = {**SIDECAR, "name": "db-proxy", "restartPolicy": "Always"}
PROXY["ports"] = [{"containerPort": 5432, "protocol": "TCP"}]
VOLUMES = [{"name": "settings", "configMap": {"name": "app"}}]
POD = {"initContainers": [MIGRATE, PROXY], "sidecars": [SIDECAR]}
PAGE = Path(__file__).parents[2] / "docs" / "pods.md"
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.+?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S))
def test_what_the_page_shows_is_accepted(text: str) -> None:
    assert validate(body({**LEAST, **yaml.safe_load(text)["spec"]})) == []


def deployment(**spec: Any) -> Manifest:
    assert validate(body({**LEAST, **spec})) == []
    return children(cluster(**spec))[Ref("Deployment", "chat")]


def pod(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = deployment(**spec)["spec"]["template"]["spec"]
    return found


def test_they_are_as_written_and_restricted() -> None:
    spec = pod(pod=POD, volumes=VOLUMES)
    runtime, *own = spec["initContainers"]
    assert runtime["name"] == "socketio-runtime", "the runtime's is first"
    assert own == [{**one, "securityContext": RESTRICTED} for one in (MIGRATE, PROXY)]
    server, *sidecars = spec["containers"]
    assert server["name"] == "server", "kubectl logs and exec take the first"
    assert sidecars == [{**SIDECAR, "securityContext": RESTRICTED}]


def test_without_the_runtime_theirs_are_the_only_ones() -> None:
    assert [one["name"] for one in pod(pod=POD, volumes=VOLUMES, runtime={"inject": "none"})["initContainers"]] == [
        "migrate",
        "db-proxy",
    ]
    assert "initContainers" not in pod(runtime={"inject": "none"})


def test_a_read_only_root_is_that_of_all() -> None:
    spec = pod(pod={**POD, "securityContext": {"readOnlyRootFilesystem": True}}, volumes=VOLUMES)
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"] == {**RESTRICTED, "readOnlyRootFilesystem": True}


def test_their_secrets_are_looked_for() -> None:
    needs = needed_secrets(cluster(pod=POD, volumes=VOLUMES))
    assert {(need.name, need.key, need.field) for need in needs} == {
        ("api", "token", "spec.pod.initContainers[db-proxy].env TOKEN"),
        ("all", None, "spec.pod.initContainers[db-proxy].envFrom"),
        ("api", "token", "spec.pod.sidecars[exporter].env TOKEN"),
        ("all", None, "spec.pod.sidecars[exporter].envFrom"),
    }


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"sidecars": [SIDECAR]}, "container exporter changed"),
        ({"initContainers": [MIGRATE]}, "pod initContainers changed"),
    ],
)
def test_a_change_of_theirs_is_told_as_the_rollouts_reason(settings: dict[str, Any], reason: str) -> None:
    before, after = (
        deployment(volumes=VOLUMES, pod=which)["spec"]["template"]
        for which in (
            settings,
            {},
        )
    )
    assert template_reason(before, after) == reason
    other = json.loads(json.dumps(settings).replace('"image": "', '"image": "mirror.'))
    assert template_reason(before, deployment(volumes=VOLUMES, pod=other)["spec"]["template"]) == reason


def test_ports_are_shared_with_the_server_alone_where_it_has_them() -> None:
    """Control of the rule that refuses them: another inject or router leaves the port free."""
    at_runtime = {"sidecars": [{**SIDECAR, "ports": [{"containerPort": 9400, "protocol": "TCP"}]}]}
    spec = {**LEAST, "volumes": VOLUMES, "pod": at_runtime}
    assert "is taken by the server" in str(validate(body(spec)))
    assert validate(body({**spec, "runtime": {"inject": "none"}})) == []
    assert validate(body({**spec, "runtime": {"port": 9401}})) == []
