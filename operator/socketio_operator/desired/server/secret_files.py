"""Keys of the user's Secrets that the runtime reads as files: a broker's private authority, the admin UI's password."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from socketio_operator.api import SocketIOCluster


@dataclass(frozen=True, slots=True)
class SecretFile:
    """`key` of a Secret as a file of a volume. `variable`: by which the runtime finds it. `field`: of the spec."""

    volume: str
    secret: str
    key: str
    file: str
    variable: str
    field: str

    @property
    def mount(self) -> str:
        """The folder that it appears in."""
        return f"/{self.volume}"


def secret_files(cluster: SocketIOCluster) -> tuple[SecretFile, ...]:
    """Those that the spec names."""
    return tuple(_files(cluster))


def _files(cluster: SocketIOCluster) -> Iterator[SecretFile]:
    external = cluster.spec.adapter.external_broker
    if external and (ca := external.ca_secret):
        variable = "SOCKETIO_RUNTIME_BROKER_CA_FILE"
        field = "spec.adapter.external.caSecret"
        yield SecretFile("socketio-runtime-ca", ca.name, ca.key, "ca.crt", variable, field)
    if admin_ui := cluster.spec.runtime.admin_ui:
        password = admin_ui.password_secret
        variable = "SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE"
        field = "spec.runtime.adminUi.passwordSecret"
        yield SecretFile("socketio-runtime-admin", password.name, password.key, "password", variable, field)


def secret_volumes(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """A volume for each."""
    return [
        {"name": one.volume, "secret": {"secretName": one.secret, "items": [{"key": one.key, "path": one.file}]}}
        for one in secret_files(cluster)
    ]


def secret_mounts(cluster: SocketIOCluster) -> dict[str, str]:
    """Volume -> where it appears."""
    return {one.volume: one.mount for one in secret_files(cluster)}


def secret_env(cluster: SocketIOCluster) -> dict[str, str]:
    """Where the runtime finds them."""
    return {one.variable: f"{one.mount}/{one.file}" for one in secret_files(cluster)}
