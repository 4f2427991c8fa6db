"""Objects of the user: Secrets that the pods or the route need, which the operator looks for before it changes
anything, and those whose change replaces pods."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.pod import EnvFrom, EnvVar
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.server import runtime
from socketio_operator.desired.server.secret_files import secret_files


@dataclass(frozen=True, slots=True)
class SecretNeed:
    """A Secret, the key needed of it (None: any), and the field of the spec that names it.

    `for_route`: the route needs it, pods do not. `is_broker`: its key holds the URL of the external broker.
    """

    name: str
    key: str | None
    field: str
    for_route: bool = False
    is_broker: bool = False


def restarting_objects(cluster: SocketIOCluster) -> tuple[Ref, ...]:
    """The ConfigMaps and Secrets of `restartOnChange`."""
    asked = cluster.spec.restart_on_change
    return (*(Ref("ConfigMap", name) for name in asked.config_maps), *(Ref("Secret", name) for name in asked.secrets))


def object_marks(hashes: Iterable[tuple[Ref, str]]) -> str:
    """The hashes as one annotation. `marked_objects` reads it."""
    return " ".join(f"{ref.kind}/{ref.name}={value}" for ref, value in sorted(hashes))


def marked_objects(annotation: str) -> dict[str, str]:
    """Hashes by `Kind name`; empty for an empty annotation."""
    marks = (mark.partition("=") for mark in annotation.split())
    return {name.replace("/", " "): value for name, _, value in marks}


def needed_secrets(cluster: SocketIOCluster) -> tuple[SecretNeed, ...]:
    """All Secrets that must exist, without those marked optional."""
    return tuple(_needs(cluster))


def _needs(cluster: SocketIOCluster) -> Iterator[SecretNeed]:
    spec = cluster.spec
    if external := spec.adapter.external_broker:
        yield SecretNeed(external.secret_name, external.key, "spec.adapter.external.secretName", is_broker=True)
    if runtime.injected(cluster):
        yield from (SecretNeed(one.secret, one.key, one.field) for one in secret_files(cluster))
    if spec.routing.tls:
        yield SecretNeed(spec.routing.tls.secret_name, "tls.crt", "spec.routing.tls.secretName", for_route=True)
    for host in spec.routing.hosts:
        if host.tls:
            yield SecretNeed(host.tls.secret_name, "tls.crt", f"spec.routing.hosts {host.name}", for_route=True)
    yield from _of_environment("spec", spec.env, spec.env_from)
    for kind, containers in (("initContainers", spec.pod.init_containers), ("sidecars", spec.pod.sidecars)):
        for one in containers:
            yield from _of_environment(f"spec.pod.{kind}[{one.name}]", one.env, one.env_from)
    for volume in spec.volumes:
        if volume.secret and not volume.secret.optional:
            yield SecretNeed(volume.secret.secret_name, None, f"spec.volumes {volume.name}")
        for part in volume.projected.sources if volume.projected else ():
            if part.secret and not part.secret.optional:
                yield SecretNeed(part.secret.name, None, f"spec.volumes {volume.name}")


def _of_environment(path: str, env: tuple[EnvVar, ...], env_from: tuple[EnvFrom, ...]) -> Iterator[SecretNeed]:
    for var in env:
        ref = var.value_from.secret_key_ref if var.value_from else None
        if ref and not ref.optional:
            yield SecretNeed(ref.name, ref.key, f"{path}.env {var.name}")
    for source in env_from:
        if source.secret_ref and not source.secret_ref.optional:
            yield SecretNeed(source.secret_ref.name, None, f"{path}.envFrom")
