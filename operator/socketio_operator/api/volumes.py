"""Volumes of the pod: the kinds that the pod security level `restricted` allows, local objects only."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, object_name, rule
from socketio_operator.api.pod import FieldRef, Quantity, ResourceFieldRef, one_of


class KeyToPath(Model):
    """One key of a ConfigMap or Secret as a file."""

    key: str = Field(description="Key to show. Example: `app.json`.", min_length=1, max_length=253)
    path: str = Field(description="File name in the volume. Example: `config/app.json`.", min_length=1, max_length=1024)
    mode: int | None = Field(None, description="File mode. Default: that of the volume.", ge=0, le=0o777)


Items = tuple[KeyToPath, ...]
ITEMS = Field(
    default=(),
    description="Keys to show. Default: all. Example: `[{key: app.json, path: app.json}]`.",
    json_schema_extra=checked(maxItems=64),
)


class ConfigMapVolume(Model):
    """Files from a ConfigMap."""

    name: str = object_name("the ConfigMap")
    items: Items = ITEMS
    default_mode: int | None = Field(None, description="Mode of the files. Default: 420 (0644).", ge=0, le=0o777)
    optional: bool | None = Field(None, description="Start even if it is missing. Default: false.")


class SecretVolume(Model):
    """Files from a Secret."""

    secret_name: str = object_name("the Secret")
    items: Items = ITEMS
    default_mode: int | None = Field(None, description="Mode of the files. Default: 420 (0644).", ge=0, le=0o777)
    optional: bool | None = Field(None, description="Start even if it is missing. Default: false.")


class EmptyDirVolume(Model):
    """An empty folder that lives as long as the pod."""

    medium: Literal["Memory"] | None = Field(None, description="`Memory` for a RAM disk. Default: the node's disk.")
    size_limit: Quantity | None = Field(None, description="Largest size. Default: none. Example: `64Mi`.")


class ClaimVolume(Model):
    """A PersistentVolumeClaim."""

    claim_name: str = object_name("the PersistentVolumeClaim")
    read_only: bool | None = Field(None, description="Mount read-only. Default: false.")


class ProjectedObject(Model):
    """A ConfigMap or Secret inside a projected volume."""

    name: str = object_name("the ConfigMap or Secret")
    items: Items = ITEMS
    optional: bool | None = Field(None, description="Start even if it is missing. Default: false.")


class ProjectedToken(Model):
    """A short-lived token of the pods' ServiceAccount."""

    path: str = Field(description="File name in the volume. Example: `token`.", min_length=1, max_length=1024)
    audience: str | None = Field(None, description="Audience of the token. Default: the API server.", max_length=1024)
    expiration_seconds: int | None = Field(None, description="Life of the token in seconds. Default: 3600.", ge=600)


class DownwardFile(Model):
    """A field of the pod as a file."""

    path: str = Field(description="File name in the volume. Example: `labels`.", min_length=1, max_length=1024)
    field_ref: FieldRef | None = Field(None, description="The field. Example: `{fieldPath: metadata.labels}`.")
    resource_field_ref: ResourceFieldRef | None = Field(
        None, description="A resource of a container. Example: `{resource: limits.memory}`."
    )


class Downward(Model):
    """Fields of the pod as files."""

    items: tuple[DownwardFile, ...] = Field(
        description="The files. Example: `[{path: labels, fieldRef: {fieldPath: metadata.labels}}]`.",
        json_schema_extra=checked(maxItems=32),
    )


class Projection(
    Model,
    json_schema_extra=checked(
        rule(
            one_of("configMap", "secret", "serviceAccountToken", "downwardAPI"),
            "A projected source takes exactly one of configMap, secret, serviceAccountToken, downwardAPI.",
        )
    ),
):
    """One source of a projected volume."""

    config_map: ProjectedObject | None = Field(None, description="A ConfigMap. Example: `{name: app}`.")
    secret: ProjectedObject | None = Field(None, description="A Secret. Example: `{name: api}`.")
    service_account_token: ProjectedToken | None = Field(None, description="A token. Example: `{path: token}`.")
    downward_api: Downward | None = Field(
        None, alias="downwardAPI", description="Fields of the pod. Example: `{items: [...]}`."
    )


class ProjectedVolume(Model):
    """Several sources in one folder."""

    sources: tuple[Projection, ...] = Field(
        description="The sources. Example: `[{secret: {name: api}}]`.", json_schema_extra=checked(maxItems=32)
    )
    default_mode: int | None = Field(None, description="Mode of the files. Default: 420 (0644).", ge=0, le=0o777)


class Volume(
    Model,
    json_schema_extra=checked(
        rule(
            one_of("configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected"),
            "A volume takes exactly one of configMap, secret, emptyDir, persistentVolumeClaim, projected.",
        )
    ),
):
    """A volume of the pod."""

    name: str = Field(description="Name that volumeMounts refer to. Example: `settings`.", min_length=1, max_length=63)
    config_map: ConfigMapVolume | None = Field(None, description="Files from a ConfigMap. Example: `{name: app}`.")
    secret: SecretVolume | None = Field(None, description="Files from a Secret. Example: `{secretName: api}`.")
    empty_dir: EmptyDirVolume | None = Field(None, description="An empty folder. Example: `{sizeLimit: 64Mi}`.")
    persistent_volume_claim: ClaimVolume | None = Field(
        None, description="A PersistentVolumeClaim. Example: `{claimName: uploads}`."
    )
    projected: ProjectedVolume | None = Field(
        None, description="Several sources in one folder. Example: `{sources: [{secret: {name: api}}]}`."
    )
