"""What the runtime adds to a pod, and what it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.children import wanted_children
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.references import SecretNeed, needed_secrets
from socketio_operator.plan.actions import Decision
from socketio_operator.plan.decide import decide
from socketio_operator.plan.observed import Observed
from tests.unit.samples import INPUTS, LEAST, body, children, cluster, picture
from tests.unit.test_plan import SERVER, applies, world

NONE = {"inject": "none"}
PYTHON = {"inject": "python"}
TOKEN, PEERS = Ref("Secret", "chat-runtime"), Ref("Service", "chat-peers")


def pod_of(**spec: Any) -> dict[str, Any]:
    made = children(cluster(**spec))[Ref("Deployment", "chat")]
    pod: dict[str, Any] = made["spec"]["template"]["spec"]
    return pod


def env_of(pod: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in pod["containers"][0]["env"]}


def test_without_it_nothing_is_added() -> None:
    pod = pod_of(runtime=NONE)
    assert not {TOKEN, PEERS} & set(children(cluster(runtime=NONE)))
    assert "initContainers" not in pod
    assert "volumes" not in pod
    assert not [name for name in env_of(pod) if "RUNTIME" in name or name == "NODE_OPTIONS"]


def test_it_is_copied_in_and_loaded() -> None:
    pod = pod_of()
    (init,) = pod["initContainers"]
    assert init["securityContext"]["readOnlyRootFilesystem"] is True
    assert init["image"] == Images().runtime_node
    assert init["volumeMounts"][0]["name"] == pod["volumes"][0]["name"] == "socketio-runtime"
    assert pod["volumes"][0]["emptyDir"]["sizeLimit"]
    env = env_of(pod)
    assert env["NODE_OPTIONS"] == "--require /socketio-runtime/preload.cjs"
    assert env["SOCKETIO_RUNTIME_BROKER_URL"] == {"secretKeyRef": {"name": "chat-redis", "key": "url"}}


def test_python_gets_its_own() -> None:
    pod = pod_of(runtime=PYTHON, env=[{"name": "PYTHONPATH", "value": "/app/lib"}])
    assert pod["initContainers"][0]["image"] == Images().runtime_python
    env = env_of(pod)
    assert "NODE_OPTIONS" not in env
    assert env["SOCKETIO_RUNTIME_USER_PYTHONPATH"] == "/app/lib"
    assert env["PYTHONPATH"] == "/socketio-runtime:$(SOCKETIO_RUNTIME_USER_PYTHONPATH)"
    assert env_of(pod_of(runtime=PYTHON))["PYTHONPATH"] == "/socketio-runtime"


def test_the_token_and_the_session_key_are_files() -> None:
    of = cluster()
    assert children(of)[TOKEN]["data"] == {"token": "c2VjcmV0LXRva2Vu", "session-key": "c2VjcmV0LWtleQ=="}
    assert "secret-key" not in repr(INPUTS)
    pod = pod_of()
    (server,) = pod["containers"]
    assert pod["volumes"][1]["secret"]["secretName"] == TOKEN.name
    assert {item["path"] for item in pod["volumes"][1]["secret"]["items"]} == {"token", "session-key"}
    env = env_of(pod)
    assert env["SOCKETIO_RUNTIME_TOKEN_FILE"] == "/socketio-runtime-token/token"
    assert env["SOCKETIO_RUNTIME_SESSION_KEY_FILE"] == "/socketio-runtime-token/session-key"
    assert [(mount["mountPath"], mount["readOnly"]) for mount in server["volumeMounts"]] == [
        ("/socketio-runtime", True),
        ("/socketio-runtime-token", True),
    ]


@pytest.mark.parametrize("spec", [{}, {"adapter": {"type": "none"}}, {"runtime": PYTHON}])
def test_pods_find_each_other_ready_or_not(spec: dict[str, Any]) -> None:
    of = cluster(**spec, port=8080)
    made = children(of)
    service = made[PEERS]["spec"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    assert service["ports"] == [{"name": "runtime", "port": 9400, "targetPort": "runtime", "protocol": "TCP"}]
    env = env_of(pod_of(**spec, port=8080))
    assert env["SOCKETIO_RUNTIME_PEERS"] == "chat-peers.team.svc"
    assert env["SOCKETIO_RUNTIME_APP_PORT"] == "8080"
    assert env["SOCKETIO_RUNTIME_ADDRESS"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}
    pod_labels = made[Ref("Deployment", "chat")]["spec"]["template"]["metadata"]["labels"].items()
    assert service["selector"].items() <= pod_labels
    policies = (manifest["spec"] for ref, manifest in made.items() if ref.kind == "NetworkPolicy")
    assert not [policy for policy in policies if policy["podSelector"]["matchLabels"].items() <= pod_labels]


def test_the_user_may_switch_forwarding_off() -> None:
    assert env_of(pod_of(env=[{"name": "SOCKETIO_RUNTIME_PEERS", "value": ""}]))["SOCKETIO_RUNTIME_PEERS"] == ""


def test_heartbeats_can_be_off_and_are_no_reason_to_restart_pods_while_they_are_on() -> None:
    assert "SOCKETIO_RUNTIME_HEARTBEATS" not in env_of(pod_of())
    assert env_of(pod_of(runtime={"heartbeats": False}))["SOCKETIO_RUNTIME_HEARTBEATS"] == "off"


def test_workers_are_asked_of_the_runtime() -> None:
    assert "SOCKETIO_WORKERS" not in env_of(pod_of())
    env = env_of(pod_of(workers={"count": 3, "balancing": "random"}))
    assert (env["SOCKETIO_WORKERS"], env["SOCKETIO_WORKERS_BALANCING"]) == ("3", "random")


@pytest.mark.parametrize(
    ("adapter", "variable"), [("redis-sharded", "REDIS_URL"), ("postgres", "DATABASE_URL"), ("mongo", "MONGODB_URI")]
)
def test_the_broker_is_the_runtimes_and_the_apps(adapter: str, variable: str) -> None:
    env = env_of(pod_of(adapter={"type": adapter, "broker": "external", "external": {"secretName": "store"}}))
    assert env["SOCKETIO_ADAPTER"] == adapter
    assert env["SOCKETIO_RUNTIME_BROKER_URL"] == env[variable] == {"secretKeyRef": {"name": "store", "key": "url"}}


def test_the_brokers_authority_is_a_file_of_the_runtime() -> None:
    external = {"secretName": "store", "caSecret": {"name": "authority", "key": "root.pem"}}
    adapter = {"type": "postgres", "broker": "external", "external": external}
    of = cluster(adapter=adapter)
    assert SecretNeed("authority", "root.pem", "spec.adapter.external.caSecret") in needed_secrets(of)
    pod = pod_of(adapter=adapter)
    assert env_of(pod)["SOCKETIO_RUNTIME_BROKER_CA_FILE"] == "/socketio-runtime-ca/ca.crt"
    (mount,) = (item for item in pod["containers"][0]["volumeMounts"] if item["mountPath"] == "/socketio-runtime-ca")
    (volume,) = (item for item in pod["volumes"] if item["name"] == mount["name"])
    assert mount["readOnly"]
    items = [{"key": "root.pem", "path": "ca.crt"}]
    assert volume["secret"] == {"secretName": "authority", "items": items}

    apart = cluster(adapter=adapter, runtime=NONE)
    assert [need.name for need in needed_secrets(apart)] == ["store"], "nothing reads it"
    assert "volumes" not in pod_of(adapter=adapter, runtime=NONE)


def test_the_admin_ui_is_asked_of_the_runtime_with_a_password_from_a_file() -> None:
    asked = {"passwordSecret": {"name": "chat-admin"}}
    of = cluster(runtime={"adminUi": asked})
    assert SecretNeed("chat-admin", "password", "spec.runtime.adminUi.passwordSecret") in needed_secrets(of)
    pod = pod_of(runtime={"adminUi": asked})
    found = {name: value for name, value in env_of(pod).items() if name.startswith("SOCKETIO_RUNTIME_ADMIN")}
    assert found == {
        "SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE": "/socketio-runtime-admin/password",
        "SOCKETIO_RUNTIME_ADMIN_USERNAME": "admin",
        "SOCKETIO_RUNTIME_ADMIN_MODE": "production",
    }
    (volume,) = (item for item in pod["volumes"] if item["name"] == "socketio-runtime-admin")
    assert volume["secret"] == {"secretName": "chat-admin", "items": [{"key": "password", "path": "password"}]}
    writable = env_of(pod_of(runtime={"adminUi": {**asked, "readOnly": False}}))
    assert writable["SOCKETIO_RUNTIME_ADMIN_READ_ONLY"] == "off"


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


def test_probes_ask_the_app_once_then_the_runtime() -> None:
    assert pod_of()["containers"][0]["startupProbe"]["tcpSocket"] == {"port": "http"}
    container = pod_of(health={"path": "/health"})["containers"][0]
    assert container["startupProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "runtime"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "runtime"}
    assert {port["name"] for port in container["ports"]} == {"http", "runtime"}


def test_the_drain_fits_into_the_grace_period() -> None:
    made = children(cluster(runtime={"drainSeconds": 90}))[Ref("Deployment", "chat")]
    assert made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 90


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"runtime": {"inject": "node", "port": 3000}}, "runtime.port is taken by the app's own port"),
        ({"volumes": [{"name": "socketio-runtime", "emptyDir": {}}]}, "Volume names that begin with socketio-runtime"),
    ],
)
def test_what_would_clash_is_refused(spec: dict[str, Any], sentence: str) -> None:
    assert sentence in str(validate(body({**LEAST, **spec}))[0])


def decided(of: SocketIOCluster, inputs: Inputs, seen: Observed) -> Decision:
    return decide(of, wanted_children(of, inputs), seen, {})


def test_a_new_runtime_waits_for_the_next_rollout() -> None:
    of = cluster()
    newer = replace(INPUTS, images=Images(runtime_node="registry.example/runtime:2"))
    seen = picture(world(of))
    assert decided(of, newer, seen) == Decision()
    (change,) = applies(decided(cluster(image="registry.example/chat:2"), newer, seen))
    assert change.ref == SERVER
    assert "registry.example/runtime:2" in str(change.manifest)
