"""docs/reference.md: every field of the spec, from the CRD's schema. `python -m tests.reference` writes it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from socketio_operator.api.base import RULES
from socketio_operator.api.crd import Schema, resource_schema

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
HEAD = """# Reference

Every field of a SocketIOCluster, from its CRD (`make generate`); `kubectl explain sio.spec --recursive` says
the same. A field in bold is required. What is refused is refused with one of the sentences in or below a table, by the
API server and by `socketio-operator render` alike.
"""


def page() -> str:
    """The whole page."""
    spec = resource_schema()["properties"]["spec"]
    return HEAD + "".join(f"\n{part}" for part in _sections("spec", spec))


def _sections(path: str, schema: Schema) -> Iterator[str]:
    """One of each object, outer ones first."""
    required = schema.get("required", ())
    rows = [_row(path, name, field, name in required) for name, field in schema["properties"].items()]
    table = "\n".join(["| field | type | default | what |", "| --- | --- | --- | --- |", *rows])
    rules = "".join(f"\n- {_text(one['message'])}" for one in schema.get(RULES, ()))
    yield f"## {path}\n\n{table}\n{rules and rules + chr(10)}"
    for name, field in schema["properties"].items():
        inner, suffix = (field.get("items", {}), "[]") if field.get("type") == "array" else (field, "")
        if "properties" in inner:
            yield from _sections(f"{path}.{name}{suffix}", inner)


def _row(path: str, name: str, field: Schema, required: bool) -> str:
    default = f"`{json.dumps(field['default'])}`" if _has_plain_default(field) else ""
    rules = "".join(f" {_text(one['message'])}" for one in field.get(RULES, ()) if "properties" not in field)
    shown = f"**{name}**" if required else f"`{name}`"
    return f"| {shown} | {_type(path, name, field)} | {default} | {_text(field.get('description', ''))}{rules} |"


def _has_plain_default(field: Schema) -> bool:
    return "default" in field and not isinstance(field["default"], dict | list)


def _type(path: str, name: str, field: Schema) -> str:
    if field.get("type") == "array":
        return f"list of {_type(path, f'{name}[]', field['items'])}"
    if "properties" in field:
        return f"[object](#{_anchor(f'{path}.{name}')})"
    if "additionalProperties" in field:
        return "map of strings"
    if field.get("x-kubernetes-int-or-string"):
        return "quantity"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    return _bounded(field)


def _bounded(field: Schema) -> str:
    kind: str = field.get("type", "any")
    least, most = field.get("minimum"), field.get("maximum")
    if least is None and most is None:
        return kind
    return f"{kind}, {least} to {most}" if most is not None else f"{kind}, at least {least}"


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    return "".join(letter for letter in title.lower() if letter.isalnum() or letter in "-_")


def _text(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
