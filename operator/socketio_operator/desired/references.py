"""Secrets of the user that the pods or the route need; the operator looks for them before it changes anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster


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


def needed_secrets(cluster: SocketIOCluster) -> tuple[SecretNeed, ...]:
    """All Secrets that must exist, without those marked optional."""
    return tuple(_needs(cluster))


def _needs(cluster: SocketIOCluster) -> Iterator[SecretNeed]:
    spec = cluster.spec
    if external := spec.adapter.external_broker:
        yield SecretNeed(external.secret_name, external.key, "spec.adapter.external.secretName", is_broker=True)
    if spec.routing.tls:
        yield SecretNeed(spec.routing.tls.secret_name, "tls.crt", "spec.routing.tls.secretName", for_route=True)
    for host in spec.routing.hosts:
        if host.tls:
            yield SecretNeed(host.tls.secret_name, "tls.crt", f"spec.routing.hosts {host.name}", for_route=True)
    for var in spec.env:
        ref = var.value_from.secret_key_ref if var.value_from else None
        if ref and not ref.optional:
            yield SecretNeed(ref.name, ref.key, f"spec.env {var.name}")
    for source in spec.env_from:
        if source.secret_ref and not source.secret_ref.optional:
            yield SecretNeed(source.secret_ref.name, None, "spec.envFrom")
    for volume in spec.volumes:
        if volume.secret and not volume.secret.optional:
            yield SecretNeed(volume.secret.secret_name, None, f"spec.volumes {volume.name}")
        for part in volume.projected.sources if volume.projected else ():
            if part.secret and not part.secret.optional:
                yield SecretNeed(part.secret.name, None, f"spec.volumes {volume.name}")
