"""What every model of the API shares: frozen values, camelCase names, unknown fields refused, CEL rules."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

RULES = "x-kubernetes-validations"


class Model(BaseModel):
    """A frozen part of the resource. Python names are snake_case, the wire format is camelCase."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, use_enum_values=True
    )


def rule(cel: str, message: str) -> dict[str, str]:
    """One CEL rule in the form the CRD carries. `message` is a full sentence that says what to write."""
    return {"rule": cel, "message": message}


def naming(cel: str, message: str) -> dict[str, str]:
    """What makes the sentence of a rule name what is wrong: the text of `cel`, in the place of {} in `message`."""
    before, after = message.split("{}")
    return {"messageExpression": f"'{before}' + {cel} + '{after}'"}


def checked(*rules: dict[str, str], **schema: Any) -> dict[str, Any]:
    """`json_schema_extra` for a field or a model: CEL rules and further schema keywords."""
    extra = dict(schema)
    if rules:
        extra[RULES] = list(rules)
    return extra


def without_default(schema: dict[str, Any]) -> None:
    """`json_schema_extra` of a field whose default depends on others, see `derived`."""
    del schema["default"]


def map_list(*keys: str, max_items: int) -> dict[str, Any]:
    """`json_schema_extra` of a list that is a map by `keys`, as server-side apply merges it."""
    return {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
        "maxItems": max_items,
    }


def secret_key(default: str, what: str) -> Any:
    """A key of a Secret. `what`: it holds."""
    return Field(
        default,
        description=f"Key that holds {what}. Default: `{default}`.",
        min_length=1,
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^[A-Za-z0-9._-]+$')",
                f"A key is made of letters, digits, -, _ and ., such as {default}.",
            )
        ),
    )


def object_name(what: str) -> Any:
    """A required field that names an object of the cluster's own namespace."""
    return Field(
        description=f"Name of {what} in the same namespace. Example: `chat-settings`.",
        min_length=1,
        max_length=253,
    )
