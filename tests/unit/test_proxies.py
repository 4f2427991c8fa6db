"""The proxy's programs: which affinity each can, what replaces its pods, and how the kubelet judges it."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import CONFIG_HASH_ANNOTATION
from socketio_operator.desired.proxy.programs import PROGRAMS
from socketio_operator.desired.routers import ROUTERS
from tests.unit.samples import children, cluster

TRUSTED: dict[str, Any] = {"clientAddress": "forwardedFor", "trustedProxies": ["10.0.0.0/8"]}


def of(program: str, affinity: str = "clientIP", spec: dict[str, Any] | None = None, **more: Any) -> SocketIOCluster:
    routing = {"host": "a.example", "router": "proxy", "proxy": {"type": program}, "affinity": affinity, **more}
    return cluster(routing=routing, **(spec or {}))


def template(made: SocketIOCluster, program: str) -> Manifest:
    found: Manifest = children(made)[Ref("Deployment", f"chat-{program}")]["spec"]["template"]
    return found


def config_hash(made: SocketIOCluster, program: str) -> str:
    found: str = template(made, program)["metadata"]["annotations"][CONFIG_HASH_ANNOTATION]
    return found


def test_affinities_that_cannot_be_had() -> None:
    router = ROUTERS["proxy"]
    lacks = {
        (program, address): lack.reason
        for program in PROGRAMS
        for address in ("peer", "forwardedFor")
        if (lack := router.lack(of(program, **(TRUSTED if address == "forwardedFor" else {}))))
    }
    assert lacks == {
        ("httpd", "peer"): "NoAddressHash",
        ("httpd", "forwardedFor"): "NoAddressHash",
        ("traefik", "forwardedFor"): "PeerAddressHash",
    }
    assert router.affinity(of("httpd")) == "none"
    assert not any(router.lack(of(program, affinity)) for program in PROGRAMS for affinity in ("cookie", "none"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_the_affinity_nothing_of_it_is_written(program: str) -> None:
    lacking = PROGRAMS[program].configuration(of(program, **TRUSTED))
    none = PROGRAMS[program].configuration(of(program, "none", **TRUSTED))
    assert (lacking == none) == (program in ("httpd", "traefik"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_pods_are_replaced_for_what_the_program_does_not_read_by_itself(program: str) -> None:
    before = of(program, "none")
    larger = of(program, "none", spec={"engine": {"maxHttpBufferSize": 2_000_000}})
    elsewhere = of(program, "none", spec={"port": 4000})
    assert PROGRAMS[program].configuration(before) != PROGRAMS[program].configuration(larger)
    assert (config_hash(before, program) == config_hash(larger, program)) == bool(PROGRAMS[program].reads_anew)
    assert config_hash(before, program) != config_hash(elsewhere, program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_that_hears_nobody_while_it_is_full_is_not_ended_for_it(program: str) -> None:
    (container,) = template(of(program), program)["spec"]["containers"]
    assert ("livenessProbe" in container) == (program != "httpd")
    assert "readinessProbe" in container
