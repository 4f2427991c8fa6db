"""SocketIOCluster: the one object that users apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from socketio_operator.api.adapter import IMAGE_RULE, Adapter
from socketio_operator.api.base import Model, checked, map_list, rule
from socketio_operator.api.child_metadata import ChildMetadata
from socketio_operator.api.containers import each_container
from socketio_operator.api.derived import filled_in
from socketio_operator.api.direct import DEFAULT_PORT
from socketio_operator.api.engine import Engine
from socketio_operator.api.network_policy import NetworkPolicy
from socketio_operator.api.pod import EnvFrom, EnvVar, LocalRef, Resources, VolumeMount
from socketio_operator.api.pod_settings import PodSettings
from socketio_operator.api.probes import Probes
from socketio_operator.api.restart import RestartOnChange
from socketio_operator.api.routing import Routing
from socketio_operator.api.runtime import Runtime, Workers
from socketio_operator.api.volumes import Volume

# CEL: clients are told of the servers.
_LISTED = "self.routing.router == 'direct' || has(self.routing.direct)"
_LIST_PORT = f"(has(self.routing.direct) ? self.routing.direct.port : {DEFAULT_PORT})"


class Health(Model):
    """An HTTP endpoint of the app that tells whether it can serve."""

    path: str = Field(
        description="Path that answers 200 while the app can serve. Example: `/health`.",
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^/[A-Za-z0-9._~/-]*$')",
                "health.path must be an absolute path of letters, digits and ._~-/, such as /health.",
            )
        ),
    )


class ClusterSpec(
    Model,
    json_schema_extra=checked(
        rule(
            "!has(self.routing.timeouts) || !has(self.routing.timeouts.readSeconds) || "
            "self.routing.timeouts.readSeconds * 1000 > self.engine.pingInterval + self.engine.pingTimeout",
            "routing.timeouts.readSeconds must be longer than engine.pingInterval + engine.pingTimeout, else the proxy "
            "cuts waiting clients; raise it, or leave it out to have it derived.",
        ),
        rule(
            "!has(self.engine.connectionStateRecovery) || (has(self.adapter.type) ? "
            "self.adapter.type == 'redis-streams' : self.runtime.inject == 'node')",
            "engine.connectionStateRecovery needs an adapter that stores sessions; set adapter.type to redis-streams.",
        ),
        rule(
            "([self.routing.path] + (has(self.routing.paths) ? self.routing.paths : [])).exists(p, "
            "(self.engine.path + '/').startsWith(p.endsWith('/') ? p : p + '/'))",
            "engine.path must lie below routing.path or one of routing.paths, else no request reaches the Socket.IO "
            "server: begin engine.path with one of them, or set routing.path to / or to engine.path.",
        ),
        rule(
            "self.volumeMounts.all(m, self.volumes.exists(v, v.name == m.name))",
            "Each of volumeMounts must name one of volumes; add the volume or correct the name.",
        ),
        rule(
            each_container("!has(c.volumeMounts) || c.volumeMounts.all(m, self.volumes.exists(v, v.name == m.name))"),
            "Each of volumeMounts of pod.initContainers and pod.sidecars must name one of volumes; add the volume or "
            "correct the name.",
        ),
        rule(
            each_container(
                "!has(c.ports) || !c.ports.exists(p, p.containerPort == self.port || (self.runtime.inject != 'none' && "
                f"p.containerPort == self.runtime.port) || (({_LISTED}) && p.containerPort == {_LIST_PORT}))"
            ),
            "A port of pod.initContainers or pod.sidecars is taken by the server, the runtime or routing.direct: all "
            "containers of a pod share its ports; choose another.",
        ),
        rule(
            "!has(self.pod.initContainers) || !has(self.pod.sidecars) || "
            "!self.pod.initContainers.exists(i, self.pod.sidecars.exists(s, s.name == i.name))",
            "pod.initContainers and pod.sidecars must not share a name; rename one.",
        ),
        rule(
            "!self.volumes.exists(v, v.name.startsWith('socketio-runtime'))",
            "Volume names that begin with socketio-runtime are the operator's own; choose another.",
        ),
        rule(
            "self.runtime.inject == 'none' || self.runtime.port != self.port",
            "runtime.port is taken by the app's own port; choose another for one of them.",
        ),
        rule(
            f"!({_LISTED}) || self.runtime.inject != 'none'",
            "routing.router direct and routing.direct need the runtime, which tells clients of the servers; set "
            "runtime.inject to node or python, or choose another routing.router.",
        ),
        rule(
            f"!({_LISTED}) || !([self.port, self.runtime.port].exists(p, p == {_LIST_PORT}))",
            "routing.direct.port is taken by the app or the runtime; choose another for one of them.",
        ),
        rule(
            "self.runtime.inject != 'python' || !has(self.adapter.type) || self.adapter.type in ['redis', 'none']",
            "python-socketio has no such adapter; with runtime.inject python set adapter.type to redis or none.",
        ),
        rule(
            "self.runtime.inject == 'none' || !has(self.pod.terminationGracePeriodSeconds) || "
            "self.pod.terminationGracePeriodSeconds >= self.runtime.drainSeconds + 25",
            "pod.terminationGracePeriodSeconds must leave time for the drain: runtime.drainSeconds and 25 s more; "
            "raise it, or leave it out.",
        ),
        rule(
            "self.progressDeadlineSeconds > self.probes.startupSeconds && self.progressDeadlineSeconds > "
            "self.minReadySeconds",
            "progressDeadlineSeconds must be longer than probes.startupSeconds and minReadySeconds, else a rollout is "
            "given up while a pod may still start; raise it.",
        ),
        rule(
            "!has(self.runtime.adminUi) || self.runtime.inject == 'node'",
            "runtime.adminUi needs runtime.inject node, which brings the package for it; set it, or let the app call "
            "instrument by itself and remove runtime.adminUi.",
        ),
        rule(
            "self.workers.count == 1 || self.runtime.inject == 'node'",
            "workers.count above 1 needs runtime.inject node, which starts the workers; set one of them.",
        ),
    ),
):
    """Desired state of a Socket.IO server on many pods."""

    image: str = Field(
        description="Image of the Socket.IO server. Example: `registry.example/chat:1.4`.",
        min_length=1,
        max_length=1024,
        json_schema_extra=checked(IMAGE_RULE),
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        None, description="When the image is pulled. Default: Kubernetes' own (by tag)."
    )
    image_pull_secrets: tuple[LocalRef, ...] = Field(
        default=(),
        description="Secrets for private registries. Default: none. Example: `[{name: registry}]`.",
        json_schema_extra=map_list("name", max_items=16),
    )
    replicas: int = Field(2, description="Number of pods. Default: 2.", ge=0, le=1000)
    port: int = Field(
        3000, description="Port the server listens on; given to it as PORT. Default: 3000.", ge=1, le=65535
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="Entry point that replaces the image's. Default: the image's. Example: `[node, server.js]`.",
        json_schema_extra=checked(maxItems=64),
    )
    args: tuple[str, ...] = Field(
        default=(),
        description="Arguments that replace the image's. Default: the image's. Example: `[--verbose]`.",
        json_schema_extra=checked(maxItems=64),
    )
    env: tuple[EnvVar, ...] = Field(
        default=(),
        description="Environment variables; win over those the operator sets. Default: none. "
        "Example: `[{name: LOG_LEVEL, value: info}]`.",
        json_schema_extra=map_list("name", max_items=256),
    )
    env_from: tuple[EnvFrom, ...] = Field(
        default=(),
        description="ConfigMaps and Secrets as environment variables. Default: none. "
        "Example: `[{configMapRef: {name: app}}]`.",
        json_schema_extra=checked(maxItems=32),
    )
    resources: Resources | None = Field(
        None,
        description="Compute resources of the server. Default: none. Example: `{requests: {cpu: 250m}}`.",
    )
    volumes: tuple[Volume, ...] = Field(
        default=(),
        description="Volumes of the pods. Default: none. Example: `[{name: settings, configMap: {name: app}}]`.",
        json_schema_extra=map_list("name", max_items=32),
    )
    volume_mounts: tuple[VolumeMount, ...] = Field(
        default=(),
        description="Where volumes appear. Default: none. Example: `[{name: settings, mountPath: /etc/app}]`.",
        json_schema_extra=map_list("mountPath", max_items=32),
    )
    service_account_name: str | None = Field(
        None,
        description="ServiceAccount of the pods. Default: one of the cluster's own, without a token.",
        min_length=1,
        max_length=253,
    )
    health: Health | None = Field(
        None,
        description="HTTP health endpoint of the app. Default: a TCP connection is tried. Example: `{path: /health}`.",
    )
    pod: PodSettings = Field(PodSettings(), description="Metadata, identity and scheduling of the pods. Default: `{}`.")
    child_metadata: ChildMetadata = Field(
        ChildMetadata(),
        description="Labels and annotations added to the objects that the operator makes. Default: `{}`. "
        "Example: `{labels: {cost-centre: chat}}`.",
    )
    engine: Engine = Field(Engine(), description="Options of the Socket.IO server. Default: `{}`.")
    adapter: Adapter = Field(Adapter(), description="How the pods reach each other. Default: `{}`.")
    runtime: Runtime = Field(
        Runtime(), description="What the operator brings into the pods. Default: `{inject: node}`."
    )
    workers: Workers = Field(Workers(), description="Processes in each pod. Default: `{count: 1}`.")
    routing: Routing = Field(description="How clients reach the pods. Example: `{host: chat.example.com}`.")
    probes: Probes = Field(Probes(), description="Patience with the server's pods. Default: `{}`.")
    min_ready_seconds: int = Field(
        0,
        description="For how many seconds a new pod must be ready before the next one is replaced. Default: 0.",
        ge=0,
        le=3600,
    )
    revision_history_limit: int = Field(
        5, description="How many former ReplicaSets are kept, for `kubectl rollout undo`. Default: 5.", ge=0, le=100
    )
    restart_on_change: RestartOnChange = Field(
        RestartOnChange(),
        description="ConfigMaps and Secrets whose change replaces the pods, one by one as in any rollout; it is seen "
        "within a minute. A name that is added replaces them once, as nobody knows with what content they started. "
        "Default: `{}`. Example: `{configMaps: [chat-settings]}`.",
    )
    progress_deadline_seconds: int = Field(
        180,
        description="After how many seconds without progress a rollout is called stuck. Default: 180.",
        ge=1,
        le=86_400,
    )
    network_policy: NetworkPolicy | None = Field(
        None,
        description="Who may connect to the pods. Default: no NetworkPolicy is made. Example: `{}`.",
    )
    paused: bool = Field(False, description="Leave everything as it is until this is false again. Default: false.")

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, spec: Any) -> Any:
        return filled_in(spec) if isinstance(spec, Mapping) else spec


@dataclass(frozen=True, slots=True)
class SocketIOCluster:
    """A validated resource: identity and spec. Build it with `parse` after `validation.validate`."""

    name: str
    namespace: str
    uid: str
    generation: int
    spec: ClusterSpec

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "SocketIOCluster":
        """Typed form of a resource as the API server serves it. Raises pydantic.ValidationError on a bad spec."""
        meta = body["metadata"]
        return cls(
            name=meta["name"],
            namespace=meta.get("namespace", "default"),
            uid=meta.get("uid", ""),
            generation=meta.get("generation", 0),
            spec=ClusterSpec.model_validate(body["spec"]),
        )
