"""The part of a pod that users shape. Typed and closed: whatever the pod security level `restricted`
forbids (host paths, host network, privilege) has no field."""

from typing import Annotated, Any, Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, object_name, rule

Quantity = Annotated[int | str, Field(description="A Kubernetes quantity. Example: `256Mi`.")]
Labels = dict[str, Annotated[str, Field(max_length=63)]]
Annotations = dict[str, Annotated[str, Field(max_length=4096)]]


def one_of(*fields: str) -> str:
    """CEL: exactly one of `fields` is set."""
    return "[" + ", ".join(f"has(self.{name})" for name in fields) + "].filter(x, x).size() == 1"


def foreign_labels(field: str) -> dict[str, Any]:
    """`json_schema_extra` of labels that users add to those of the operator; `field` names them in the sentence."""
    return checked(
        rule(
            "!self.exists(k, k.startsWith('socketio-operator.dev/') || k.startsWith('app.kubernetes.io/'))",
            f"{field} must not begin with socketio-operator.dev/ or app.kubernetes.io/: those are the "
            "operator's own; use a prefix of yours.",
        ),
        maxProperties=32,
    )


def restricted_annotations(field: str) -> dict[str, Any]:
    """`json_schema_extra` of annotations that users add to pods: one of them is a setting that `restricted` limits."""
    return checked(
        rule(
            "self.all(k, !k.startsWith('container.apparmor.security.beta.kubernetes.io/') || "
            "self[k] == 'runtime/default' || self[k].startsWith('localhost/'))",
            f"{field} may set AppArmor profiles to runtime/default or localhost/... alone, as the pod security level "
            "restricted asks; correct or remove it.",
        ),
        maxProperties=32,
    )


class KeyRef(Model):
    """A key of a ConfigMap or Secret of the same namespace."""

    name: str = object_name("the ConfigMap or Secret")
    key: str = Field(description="Key inside the object. Example: `token`.", min_length=1, max_length=253)
    optional: bool | None = Field(None, description="Start even if the object or key is missing. Default: false.")


class FieldRef(Model):
    """A field of the pod itself."""

    api_version: Literal["v1"] = Field("v1", description="Version of the field's schema. Default: `v1`.")
    field_path: str = Field(description="Path of the field. Example: `spec.nodeName`.", max_length=253)


class ResourceFieldRef(Model):
    """A resource request or limit of the container."""

    resource: str = Field(description="Resource to select. Example: `limits.memory`.", max_length=253)
    divisor: Quantity | None = Field(None, description="Output unit. Default: 1. Example: `1Mi`.")


class EnvSource(
    Model,
    json_schema_extra=checked(
        rule(
            one_of("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef"),
            "valueFrom takes exactly one of secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef.",
        )
    ),
):
    """Where the value of an environment variable comes from."""

    secret_key_ref: KeyRef | None = Field(None, description="A key of a Secret. Example: `{name: api, key: token}`.")
    config_map_key_ref: KeyRef | None = Field(
        None, description="A key of a ConfigMap. Example: `{name: app, key: mode}`."
    )
    field_ref: FieldRef | None = Field(None, description="A field of the pod. Example: `{fieldPath: spec.nodeName}`.")
    resource_field_ref: ResourceFieldRef | None = Field(
        None, description="A resource of the container. Example: `{resource: limits.memory}`."
    )


class EnvVar(
    Model,
    json_schema_extra=checked(
        rule(
            "!(has(self.value) && has(self.valueFrom))",
            "An environment variable takes value or valueFrom, not both.",
        )
    ),
):
    """An environment variable of the server's container."""

    name: str = Field(
        description="Name of the variable. Example: `LOG_LEVEL`.",
        min_length=1,
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^[!-<>-~]+$')",
                "An environment name is made of printable ASCII characters without spaces and =, such as LOG_LEVEL.",
            )
        ),
    )
    value: str | None = Field(None, description="Its value. Example: `info`.", max_length=32768)
    value_from: EnvSource | None = Field(
        None,
        description="Where the value comes from instead. Example: `{secretKeyRef: {name: api, key: token}}`.",
    )


class EnvObject(Model):
    """A whole ConfigMap or Secret."""

    name: str = object_name("the ConfigMap or Secret")
    optional: bool | None = Field(None, description="Start even if it is missing. Default: false.")


class EnvFrom(
    Model,
    json_schema_extra=checked(
        rule(
            one_of("secretRef", "configMapRef"),
            "envFrom takes exactly one of secretRef and configMapRef an item.",
        )
    ),
):
    """All keys of a ConfigMap or Secret as environment variables."""

    prefix: str | None = Field(None, description="Put before each key. Example: `APP_`.", max_length=253)
    secret_ref: EnvObject | None = Field(None, description="The Secret. Example: `{name: api}`.")
    config_map_ref: EnvObject | None = Field(None, description="The ConfigMap. Example: `{name: app}`.")


class Resources(Model):
    """Compute resources of a container."""

    requests: dict[str, Quantity] | None = Field(
        None, description="What is reserved. Example: `{cpu: 250m, memory: 256Mi}`."
    )
    limits: dict[str, Quantity] | None = Field(
        None, description="What may be used at most. Example: `{memory: 512Mi}`."
    )


class LocalRef(Model):
    """An object of the same namespace, by name."""

    name: str = object_name("the object")


class VolumeMount(Model):
    """Where a volume appears in the container."""

    name: str = Field(description="Name of one of `volumes`. Example: `settings`.", min_length=1, max_length=63)
    mount_path: str = Field(description="Folder in the container. Example: `/etc/app`.", min_length=1, max_length=1024)
    sub_path: str | None = Field(None, description="Path inside the volume. Default: its root.", max_length=1024)
    read_only: bool | None = Field(None, description="Mount read-only. Default: false.")


class Toleration(Model):
    """A taint that the pods tolerate."""

    key: str | None = Field(None, description="Key of the taint. Default: all, with `Exists`.", max_length=316)
    operator: Literal["Equal", "Exists"] | None = Field(None, description="How `value` is compared. Default: `Equal`.")
    value: str | None = Field(None, description="Value of the taint. Example: `sockets`.", max_length=63)
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect of the taint. Default: all."
    )
    toleration_seconds: int | None = Field(
        None, description="How long a `NoExecute` taint is tolerated, in seconds. Default: for ever."
    )


class Scheduling(Model):
    """Where pods may run."""

    node_selector: Labels = Field(
        default_factory=dict,
        description="Labels a node must have. Default: none. Example: `{disk: ssd}`.",
        json_schema_extra=checked(maxProperties=32),
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(),
        description="Taints the pods tolerate. Default: none. Example: `[{key: sockets, operator: Exists}]`.",
        json_schema_extra=checked(maxItems=32),
    )
    affinity: dict[str, Any] | None = Field(
        None,
        description="Kubernetes affinity of the pods, as in a pod's `spec.affinity`. Default: none; the server's pods "
        "are spread over nodes in any case.",
    )
    priority_class_name: str | None = Field(
        None,
        description="PriorityClass of the pods. Default: the cluster's. Example: `realtime`.",
        max_length=253,
    )
