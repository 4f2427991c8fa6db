"""The server's pods: metadata, identity, and where and how they run."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import checked, map_list, rule
from socketio_operator.api.containers import Container, InitContainer
from socketio_operator.api.names import DnsConfig, HostAlias
from socketio_operator.api.pod import Annotations, Labels, Scheduling, foreign_labels, restricted_annotations
from socketio_operator.api.security import SecurityContext
from socketio_operator.api.spread import SpreadConstraint


class PodSettings(
    Scheduling,
    json_schema_extra=checked(
        rule(
            "!has(self.securityContext) || self.securityContext.identity == 'fixed' || !(has(self.runAsGroup) || "
            "has(self.fsGroup) || self.runAsUser != 1000)",
            "With pod.securityContext.identity platform the platform chooses user and groups; remove pod.runAsUser, "
            "pod.runAsGroup and pod.fsGroup.",
        )
    ),
):
    """Metadata, identity and scheduling of the server's pods."""

    labels: Labels = Field(
        default_factory=dict,
        description="Labels added to the pods. Default: none. Example: `{team: chat}`.",
        json_schema_extra=foreign_labels("pod.labels"),
    )
    annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations added to the pods. Default: none. Example: `{example.com/team: chat}`.",
        json_schema_extra=restricted_annotations("pod.annotations"),
    )
    run_as_user: int = Field(
        1000, description="User id of the processes; root is not allowed. Default: 1000.", ge=1, le=2147483647
    )
    run_as_group: int | None = Field(
        None, description="Group id of the processes. Default: the image's own.", ge=1, le=2147483647
    )
    fs_group: int | None = Field(
        None, description="Group that owns mounted volumes. Default: none.", ge=1, le=2147483647
    )
    security_context: SecurityContext | None = Field(
        None,
        description="User, groups and root file system of the pods; its ids win over `runAsUser`, `runAsGroup` and "
        "`fsGroup` beside it. Default: none. Example: `{readOnlyRootFilesystem: true}`.",
    )
    init_containers: tuple[InitContainer, ...] = Field(
        default=(),
        description="Containers that run before the server, one after the other, and after the runtime is copied in. "
        "Default: none. Example: `[{name: migrate, image: 'registry.example/chat:1.4', command: [node, migrate.js]}]`.",
        json_schema_extra=map_list("name", max_items=10),
    )
    sidecars: tuple[Container, ...] = Field(
        default=(),
        description="Containers beside the server, which end when a pod begins to: what the server needs while it "
        "drains is one of `initContainers` with `restartPolicy: Always`. Default: none. "
        "Example: `[{name: exporter, image: 'registry.example/exporter:1.2'}]`.",
        json_schema_extra=map_list("name", max_items=10),
    )
    topology_spread_constraints: tuple[SpreadConstraint, ...] | None = Field(
        None,
        description="How pods are spread; empty for no rule at all. Default: over nodes, if possible with one more on "
        "the fullest. Example: `[{topologyKey: topology.kubernetes.io/zone}]`.",
        json_schema_extra=checked(maxItems=8),
    )
    termination_grace_period_seconds: int | None = Field(
        None,
        description="Time for a pod to end, in seconds; at least runtime.drainSeconds and 25 s more. Default: that, or "
        "30 s where that is less.",
        ge=1,
        le=86_400,
    )
    runtime_class_name: str | None = Field(
        None, description="RuntimeClass of the pods. Default: the cluster's. Example: `gvisor`.", max_length=253
    )
    scheduler_name: str | None = Field(
        None, description="Scheduler of the pods. Default: the cluster's. Example: `volcano`.", max_length=253
    )
    dns_policy: Literal["ClusterFirst", "Default", "None"] | None = Field(
        None, description="Where the pods' resolv.conf comes from. Default: `ClusterFirst`."
    )
    dns_config: DnsConfig | None = Field(
        None, description="What is added to it. Default: nothing. Example: `{options: [{name: ndots, value: '2'}]}`."
    )
    host_aliases: tuple[HostAlias, ...] = Field(
        default=(),
        description="Entries of the pods' hosts file. Default: none. Example: `[{ip: 10.0.0.8, hostnames: [legacy]}]`.",
        json_schema_extra=checked(maxItems=32),
    )

    @property
    def identity_of_platform(self) -> bool:
        """Whether no pod of the cluster names a user or group."""
        return self.security_context is not None and self.security_context.identity == "platform"

    @property
    def read_only_root(self) -> bool:
        """Whether containers can write to volumes alone."""
        return self.security_context is not None and self.security_context.read_only_root_filesystem
