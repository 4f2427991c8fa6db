"""What the runtime adds to a pod, and what it leaves alone."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.children import build_children
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import Ref
from socketio_operator.plan.changes import Decision, decide
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.runtime import RuntimeReport
from tests.unit.samples import INPUTS, LEAST, body, children, cluster
from tests.unit.test_plan import SERVER, world

NODE = {"inject": "node"}


def pod_of(**spec: Any) -> dict[str, Any]:
    made = children(cluster(runtime=NODE, **spec))[Ref("Deployment", "chat")]
    pod: dict[str, Any] = made["spec"]["template"]["spec"]
    return pod


def env_of(pod: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in pod["containers"][0]["env"]}


def test_without_it_nothing_is_added() -> None:
    pod = children(cluster())[Ref("Deployment", "chat")]["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    assert not [name for name in env_of(pod) if "RUNTIME" in name or name == "NODE_OPTIONS"]


def test_it_is_copied_in_and_loaded() -> None:
    pod = pod_of()
    (init,) = pod["initContainers"]
    assert init["securityContext"]["readOnlyRootFilesystem"] is True
    assert init["volumeMounts"][0]["name"] == pod["volumes"][-1]["name"] == "socketio-runtime"
    assert pod["volumes"][-1]["emptyDir"]["sizeLimit"]
    env = env_of(pod)
    assert env["NODE_OPTIONS"] == "--require /socketio-runtime/preload.cjs"
    assert env["SOCKETIO_RUNTIME_BROKER_URL"] == {"secretKeyRef": {"name": "chat-redis", "key": "url"}}


@pytest.mark.parametrize(
    "given",
    [{"value": "--max-old-space-size=256"}, {"valueFrom": {"configMapKeyRef": {"name": "app", "key": "options"}}}],
)
def test_the_users_node_options_are_kept(given: dict[str, Any]) -> None:
    env = pod_of(env=[{"name": "NODE_OPTIONS", **given}])["containers"][0]["env"]
    names = [item["name"] for item in env]
    assert names[-2:] == ["SOCKETIO_RUNTIME_USER_NODE_OPTIONS", "NODE_OPTIONS"], "an expansion needs this order"
    assert env[-2] == {"name": "SOCKETIO_RUNTIME_USER_NODE_OPTIONS", **given}
    assert env[-1]["value"].startswith("$(SOCKETIO_RUNTIME_USER_NODE_OPTIONS) --require ")


def test_probes_ask_the_runtime() -> None:
    container = pod_of(health={"path": "/health"})["containers"][0]
    assert container["startupProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "runtime"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "runtime"}
    assert {port["name"] for port in container["ports"]} == {"http", "runtime"}


def test_the_drain_fits_into_the_grace_period() -> None:
    made = children(cluster(runtime={**NODE, "drainSeconds": 90}))[Ref("Deployment", "chat")]
    assert made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 90


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"runtime": {"inject": "node", "port": 3000}}, "runtime.port is taken by the app's own port"),
        ({"volumes": [{"name": "socketio-runtime", "emptyDir": {}}]}, "The volume name socketio-runtime"),
    ],
)
def test_what_would_clash_is_refused(spec: dict[str, Any], sentence: str) -> None:
    assert sentence in str(validate(body({**LEAST, **spec}))[0])


def decided(of: SocketIOCluster, inputs: Inputs, seen: Observed) -> Decision:
    return decide(of, build_children(of, inputs), seen, {})


def test_a_new_runtime_waits_for_the_next_rollout() -> None:
    of = cluster(runtime=NODE)
    newer = Inputs(images=Images(runtime_node="registry.example/runtime:2"), redis_password=INPUTS.redis_password)
    seen = Observed(world(of))
    assert decided(of, newer, seen) == Decision()
    (change,) = decided(cluster(runtime=NODE, image="registry.example/chat:2"), newer, seen).changes
    assert change.ref == SERVER
    assert "registry.example/runtime:2" in str(change.manifest)


STATUS = {"servers": [{"socketio": "4.8.1", "adapter": {"owner": "runtime", "name": "redis"}}]}


def reports(*owners: str) -> tuple[RuntimeReport, ...]:
    return tuple(RuntimeReport(f"chat-{i}", owner, "4.8.1") for i, owner in enumerate(owners))


def test_a_status_is_read() -> None:
    assert RuntimeReport.parse("chat-0", STATUS) == RuntimeReport("chat-0", "runtime", "4.8.1")
    assert RuntimeReport.parse("chat-0", {"servers": []}) is None


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (("runtime", "runtime"), (True, "Injected")),
        (("runtime", "app"), (False, "AppAdapter")),
        (("app", "unsupported"), (False, "Unsupported")),
        (("none",), (False, "AdapterNotStarted")),
    ],
)
def test_what_runtimes_report_becomes_a_condition(owners: tuple[str, ...], expected: tuple[bool, str]) -> None:
    of = cluster(runtime=NODE)
    seen = Observed(world(of), runtimes=reports(*owners))
    found = {item.type: (item.status, item.reason) for item in conditions(of, Decision(), seen)}
    assert found["AdapterInjected"] == expected
    assert found["Ready"] == (True, "Ready")


def test_without_reports_nothing_is_claimed() -> None:
    of = cluster(runtime=NODE)
    assert "AdapterInjected" not in {item.type for item in conditions(of, Decision(), Observed(world(of)))}
