"""Further containers of the server's pods. What `restricted` forbids has no field: their securityContext is ours."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.adapter import IMAGE_RULE
from socketio_operator.api.base import Model, checked, map_list, rule
from socketio_operator.api.pod import EnvFrom, EnvVar, Resources, VolumeMount, one_of


class HttpGet(Model):
    """A GET that is answered with 200 to 399. It goes to the pod itself, as `restricted` wants it."""

    path: str | None = Field(None, description="Path. Default: `/`. Example: `/healthz`.", max_length=1024)
    port: int = Field(description="Port of the container. Example: `8081`.", ge=1, le=65535)
    scheme: Literal["HTTP", "HTTPS"] | None = Field(None, description="Scheme. Default: `HTTP`.")


class TcpSocket(Model):
    """A connection that is accepted."""

    port: int = Field(description="Port of the container. Example: `5432`.", ge=1, le=65535)


class Exec(Model):
    """A command that ends with 0."""

    command: tuple[str, ...] = Field(
        description="The command, without a shell. Example: `[cat, /tmp/ready]`.",
        min_length=1,
        json_schema_extra=checked(maxItems=64),
    )


class ContainerProbe(
    Model,
    json_schema_extra=checked(
        rule(one_of("httpGet", "tcpSocket", "exec"), "A probe takes exactly one of httpGet, tcpSocket, exec.")
    ),
):
    """A question to a container, as in a pod."""

    http_get: HttpGet | None = Field(None, description="A GET. Example: `{path: /healthz, port: 8081}`.")
    tcp_socket: TcpSocket | None = Field(None, description="A connection. Example: `{port: 5432}`.")
    exec: Exec | None = Field(None, description="A command. Example: `{command: [cat, /tmp/ready]}`.")
    initial_delay_seconds: int | None = Field(
        None, description="Seconds before the first one. Default: 0.", ge=0, le=3600
    )
    period_seconds: int | None = Field(None, description="Seconds between two. Default: 10.", ge=1, le=3600)
    timeout_seconds: int | None = Field(None, description="Seconds to answer. Default: 1.", ge=1, le=300)
    failure_threshold: int | None = Field(None, description="Failures in a row that count. Default: 3.", ge=1, le=1000)


class ContainerPort(Model):
    """A port that a container listens on."""

    name: str | None = Field(
        None,
        description="Name for your own Services and policies. Default: none. Example: `metrics`.",
        max_length=15,
        json_schema_extra=checked(
            rule(
                "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.matches('[a-z]') && !self.contains('--')",
                "A port's name is made of lower-case letters, digits and single -, with at least one letter, such as "
                "metrics.",
            ),
            rule(
                "!(self in ['http', 'runtime', 'servers', 'webtransport'])",
                "The port names http, runtime, servers and webtransport are the server's; choose another.",
            ),
        ),
    )
    container_port: int = Field(description="The port. Example: `9102`.", ge=1, le=65535)
    protocol: Literal["TCP", "UDP", "SCTP"] = Field("TCP", description="Its protocol. Default: `TCP`.")


class Container(Model):
    """A further container of the server's pods."""

    name: str = Field(
        description="Name of the container. Example: `exporter`.",
        max_length=63,
        json_schema_extra=checked(
            rule(
                "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
                "A container's name is made of lower-case letters, digits and -, such as exporter.",
            ),
            rule(
                "self != 'server' && !self.startsWith('socketio-runtime')",
                "Container names server and those that begin with socketio-runtime are the operator's own; choose "
                "another.",
            ),
        ),
    )
    image: str = Field(
        description="Image of the container. Example: `registry.example/exporter:1.2`.",
        min_length=1,
        max_length=1024,
        json_schema_extra=checked(IMAGE_RULE),
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        None, description="When the image is pulled. Default: Kubernetes' own (by tag)."
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="Entry point that replaces the image's. Default: the image's. Example: `[/exporter]`.",
        json_schema_extra=checked(maxItems=64),
    )
    args: tuple[str, ...] = Field(
        default=(),
        description="Arguments that replace the image's. Default: the image's. Example: `[--verbose]`.",
        json_schema_extra=checked(maxItems=64),
    )
    env: tuple[EnvVar, ...] = Field(
        default=(),
        description="Environment variables. Default: none. Example: `[{name: LOG_LEVEL, value: info}]`.",
        json_schema_extra=map_list("name", max_items=64),
    )
    env_from: tuple[EnvFrom, ...] = Field(
        default=(),
        description="ConfigMaps and Secrets as environment variables. Default: none. "
        "Example: `[{configMapRef: {name: app}}]`.",
        json_schema_extra=checked(maxItems=16),
    )
    resources: Resources | None = Field(
        None, description="Compute resources of the container. Default: none. Example: `{requests: {cpu: 50m}}`."
    )
    volume_mounts: tuple[VolumeMount, ...] = Field(
        default=(),
        description="Where volumes of `spec.volumes` appear. Default: none. "
        "Example: `[{name: settings, mountPath: /etc/app}]`.",
        json_schema_extra=map_list("mountPath", max_items=32),
    )
    ports: tuple[ContainerPort, ...] = Field(
        default=(),
        description="Ports that it listens on. Default: none. Example: `[{name: metrics, containerPort: 9102}]`.",
        json_schema_extra=map_list("containerPort", "protocol", max_items=16),
    )
    startup_probe: ContainerProbe | None = Field(
        None, description="Whether it has started. Default: at once. Example: `{tcpSocket: {port: 5432}}`."
    )
    readiness_probe: ContainerProbe | None = Field(
        None,
        description="When it is ready; a pod gets clients while all of its containers are. Default: once started. "
        "Example: `{tcpSocket: {port: 5432}}`.",
    )
    liveness_probe: ContainerProbe | None = Field(
        None, description="When it is restarted. Default: when it ends. Example: `{tcpSocket: {port: 5432}}`."
    )


class InitContainer(
    Container,
    json_schema_extra=checked(
        rule(
            "has(self.restartPolicy) || !(has(self.startupProbe) || has(self.readinessProbe) || "
            "has(self.livenessProbe) || has(self.ports))",
            "Ports and probes of pod.initContainers need restartPolicy Always, else the container ends before the "
            "server starts; set it or remove them.",
        )
    ),
):
    """A container that runs before the server, or from before its start until after its end."""

    restart_policy: Literal["Always"] | None = Field(
        None,
        description="`Always`: it runs beside the server and terminates after it, so that the server can use it until "
        "its last connection is closed. Default: it runs to completion before the next container starts.",
    )


# CEL of the spec: all further containers of a kind satisfy `{one}`, of a container c.
_EACH = "(!has(self.pod.{kind}) || self.pod.{kind}.all(c, {one}))"


def each_container(one: str) -> str:
    """CEL: every further container `c` satisfies `one`."""
    return " && ".join(_EACH.format(kind=kind, one=one) for kind in ("initContainers", "sidecars"))
