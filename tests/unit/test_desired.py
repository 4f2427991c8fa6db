"""What is built for a cluster: canonical, restricted, sticky in exactly one way."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.children import build_children
from socketio_operator.desired.kinds import WORKLOADS, Ref, ref_of
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.quantity import canonical_quantity
from socketio_operator.desired.redis.config import redis_conf
from socketio_operator.desired.references import needed_secrets
from socketio_operator.desired.server.env import server_env
from socketio_operator.desired.text import Word, render
from tests.unit.samples import FULL, INPUTS, LEAST, body, children, cluster
from tests.unit.test_golden import SAMPLES

SPECS = {
    "least": LEAST,
    "full": FULL,
    "no adapter": {**LEAST, "adapter": {"type": "none"}},
    "further containers": SAMPLES["pod-settings"],
}
NGINX = "nginx.ingress.kubernetes.io/"


def of(spec: dict[str, Any]) -> SocketIOCluster:
    return SocketIOCluster.parse(body(spec))


def walk(value: Any) -> Iterator[Any]:
    yield value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from walk(item)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_manifests_are_canonical(spec: dict[str, Any]) -> None:
    for manifest in build_children(of(spec), INPUTS):
        assert not [value for value in walk(manifest) if value is None or value == [] or isinstance(value, tuple)]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_equal_input_gives_equal_bytes(spec: dict[str, Any]) -> None:
    first, second = (json.dumps(build_children(of(json.loads(json.dumps(spec))), INPUTS)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_pods_are_restricted(spec: dict[str, Any]) -> None:
    for manifest in build_children(of(spec), INPUTS):
        if manifest["kind"] not in WORKLOADS:
            continue
        pod = manifest["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_every_child_is_owned_and_labelled() -> None:
    for manifest in children(cluster()).values():
        (owner,) = manifest["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == ("uid-1", True)
        assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "socketio-operator"
        assert "app.kubernetes.io/instance" not in manifest["metadata"]["labels"]


def test_adapter_none_runs_no_redis() -> None:
    assert not [ref for ref in children(cluster(adapter={"type": "none"})) if "redis" in ref.name]
    assert Ref("StatefulSet", "chat-redis") in children(cluster())


def annotations(**routing: Any) -> dict[str, str]:
    made = children(cluster(routing={"host": "chat.example.com", **routing}))[Ref("Ingress", "chat")]
    return {name.removeprefix(NGINX): value for name, value in made["metadata"]["annotations"].items()}


def test_client_ip_affinity_hashes_the_peer_alone() -> None:
    made = annotations()
    assert made["upstream-hash-by"] == "$remote_addr"
    assert "affinity" not in made


def test_cookie_affinity_has_no_hash() -> None:
    made = annotations(affinity="cookie")
    assert (made["affinity"], made["affinity-mode"]) == ("cookie", "persistent")
    assert "upstream-hash-by" not in made


def test_no_affinity_has_neither() -> None:
    assert not {"affinity", "upstream-hash-by"} & set(annotations(affinity="none"))


@pytest.mark.parametrize("affinity", ["clientIP", "cookie", "none"])
def test_no_annotation_that_breaks_sessions(affinity: str) -> None:
    assert not [name for name in annotations(affinity=affinity) if "snippet" in name or "subset" in name]


@given(st.integers(1000, 600_000), st.integers(1000, 600_000))
def test_the_proxy_outwaits_every_ping(interval: int, timeout: int) -> None:
    limits = proxy_limits(cluster(engine={"pingInterval": interval, "pingTimeout": timeout}).spec)
    assert limits.read_seconds * 1000 > interval + timeout
    assert limits.send_seconds * 1000 > interval + timeout


def test_given_timeouts_are_taken() -> None:
    made = annotations(timeouts={"readSeconds": 300})
    assert (made["proxy-read-timeout"], made["proxy-send-timeout"]) == ("300", "300")


def env_of(**spec: Any) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in server_env(cluster(**spec))}


def test_the_app_is_told_its_settings() -> None:
    env = env_of(port=8080, engine={"pingInterval": 5000})
    assert (env["PORT"], env["SOCKETIO_PING_INTERVAL"], env["SOCKETIO_ADAPTER"]) == ("8080", "5000", "redis-streams")
    assert env["REDIS_URL"] == {"secretKeyRef": {"name": "chat-redis", "key": "url"}}


@pytest.mark.parametrize(
    ("spec", "adapter", "recovery"),
    [
        ({}, "redis-streams", "120000"),
        ({"engine": {"connectionStateRecovery": {"maxDisconnectionDuration": 5000}}}, "redis-streams", "5000"),
        ({"adapter": {"prefix": "a"}}, "redis-streams", "120000"),
        ({"adapter": {"type": "redis"}}, "redis", None),
        ({"adapter": {"type": "redis-streams"}}, "redis-streams", None),
        ({"runtime": {"inject": "python"}}, "redis", None),
        ({"runtime": {"inject": "none"}}, "redis", None),
    ],
)
def test_the_adapter_that_is_left_out_is_the_best_of_the_runtime(
    spec: dict[str, Any], adapter: str, recovery: str | None
) -> None:
    env = env_of(**spec)
    assert (env["SOCKETIO_ADAPTER"], env.get("SOCKETIO_RECOVERY_MS")) == (adapter, recovery)
    assert validate(body({**LEAST, **spec})) == []


def test_the_user_maps_the_names_of_the_broker() -> None:
    env = env_of(adapter={"env": {"url": "BROKER", "host": "BROKER_HOST"}})
    assert env["BROKER"]["secretKeyRef"]["key"] == "url"
    assert env["BROKER_HOST"]["secretKeyRef"]["key"] == "host"
    assert "REDIS_URL" not in env


def test_a_variable_of_the_user_wins() -> None:
    assert env_of(env=[{"name": "PORT", "value": "9000"}])["PORT"] == "9000"


def test_an_external_broker_is_read_from_its_secret() -> None:
    made = cluster(adapter={"broker": "external", "external": {"secretName": "shared", "key": "redis"}})
    env = {item["name"]: item for item in server_env(made)}
    assert env["REDIS_URL"]["valueFrom"]["secretKeyRef"] == {"name": "shared", "key": "redis"}
    assert not [ref for ref in children(made) if "redis" in ref.name]
    assert [(need.name, need.key) for need in needed_secrets(made)] == [("shared", "redis")]


def test_secrets_that_must_exist() -> None:
    names = {(need.name, need.key) for need in needed_secrets(of(FULL))}
    assert names == {("chat-tls", "tls.crt"), ("api", "token"), ("all", None), ("keys", None)}


def test_redis_gets_the_hash_of_the_password_only() -> None:
    made = children(cluster())
    data = {key: base64.b64decode(value).decode() for key, value in made[Ref("Secret", "chat-redis")]["data"].items()}
    assert data["url"] == "redis://default:secret-password@chat-redis.team.svc:6379"
    assert "secret-password" not in data["users.acl"]
    others = [manifest for ref, manifest in made.items() if ref.kind != "Secret"]
    assert "secret-password" not in json.dumps(others)
    assert "secret-password" not in repr(INPUTS)


def test_streams_survive_a_restart_of_redis() -> None:
    assert "appendonly yes" in redis_conf(cluster(adapter={"type": "redis-streams"}))
    assert "appendonly no" in redis_conf(cluster(adapter={"type": "redis"}))


@given(st.sampled_from(["redis", "redis-streams"]), st.text(max_size=40), st.text(max_size=40))
def test_no_value_of_a_user_changes_the_directives_of_redis(adapter: str, path: str, env: str) -> None:
    """The directive tree is one of two, whatever else the spec says."""
    engine = {"path": path} if path else {}
    spec = {**LEAST, "adapter": {"type": adapter}, "engine": engine, "env": [{"name": "A", "value": env}]}
    directives = [line.split()[0] for line in redis_conf(of(spec)).splitlines() if not line.startswith("#")]
    benign = redis_conf(cluster(adapter={"type": adapter}))
    assert directives == [line.split()[0] for line in benign.splitlines() if not line.startswith("#")]


def test_a_new_password_restarts_what_holds_the_old_one() -> None:
    before = children(cluster())
    after = {
        ref_of(m): m for m in build_children(cluster(), type(INPUTS)(redis_password="other")) if m["kind"] in WORKLOADS
    }
    assert len(after) == 2
    for ref in after:
        assert before[ref]["spec"]["template"] != after[ref]["spec"]["template"]


@pytest.mark.parametrize("value", ["a b", "a\nb", "a;b", "a{b}", "$a", '"a"', "a#b", ""])
def test_templates_take_no_text_that_they_could_interpret(value: str) -> None:
    with pytest.raises(ValueError, match="interpret"):
        Word(value)


def test_templates_take_no_plain_text() -> None:
    with pytest.raises(TypeError, match="not str"):
        render("redis.conf", port=1, data_dir="/data", acl_file=Word("/a"), max_memory=1, persistent=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.5Gi", "512Mi"),
        ("1024Mi", "1Gi"),
        (2, "2"),
        ("0.1", "100m"),
        ("1e3", "1e3"),
        ("0", "0"),
        ("2000", "2k"),
        ("100M", "100M"),
        ("1000Ki", "1000Ki"),
    ],
)
def test_quantities_become_canonical(value: int | str, canonical: str) -> None:
    assert canonical_quantity(value) == canonical
