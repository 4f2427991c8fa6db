"""Objects of the user whose change replaces the server's pods."""

from typing import Annotated

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule

ObjectName = Annotated[
    str,
    Field(
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
                "The name of a ConfigMap or Secret is made of lower-case letters, digits, - and ., such as "
                "chat-settings.",
            )
        ),
    ),
]

# Each is read once a minute.
MOST_OBJECTS = 16
_SET = checked(maxItems=MOST_OBJECTS, **{"x-kubernetes-list-type": "set"})


class RestartOnChange(Model):
    """What the pods read at their start only, as through `envFrom` or a `subPath`."""

    config_maps: tuple[ObjectName, ...] = Field(
        default=(),
        description="ConfigMaps of the same namespace. Default: none. Example: `[chat-settings]`.",
        json_schema_extra=_SET,
    )
    secrets: tuple[ObjectName, ...] = Field(
        default=(),
        description="Secrets of the same namespace. Default: none. Example: `[chat-api]`.",
        json_schema_extra=_SET,
    )

    @property
    def any(self) -> bool:
        """Whether any object is named."""
        return bool(self.config_maps or self.secrets)
