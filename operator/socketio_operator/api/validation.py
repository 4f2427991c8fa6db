"""The API server's checks, run offline: the CRD's schema and CEL rules with the same sentences.

Formats follow Kubernetes 1.36 (`field.Error` and go-openapi's messages); a test compares them with
what a real API server answers.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cel

from socketio_operator.api.base import RULES
from socketio_operator.api.crd import Schema, resource_schema, with_defaults


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused value, as Kubernetes' field.Error: where it is and what to write instead."""

    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}" if self.path else self.detail


@functools.cache
def _schema() -> Schema:
    return resource_schema()


@functools.cache
def _program(rule: str) -> cel.Program:
    return cel.compile(rule)


def validate(body: Mapping[str, Any]) -> list[FieldError]:
    """All problems of a SocketIOCluster; empty if the API server would accept it.

    `body` is the resource as parsed from YAML or JSON. CEL rules run only on a body whose schema holds,
    as in the API server.
    """
    resource = with_defaults({key: value for key, value in body.items() if key != "status"}, _schema())
    problems = list(_check(resource, _schema(), ""))
    return problems or list(_rules(resource, _schema(), ""))


def _shown(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _check(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    if schema.get("x-kubernetes-int-or-string"):
        if isinstance(value, bool) or not isinstance(value, int | str):
            yield _wrong_type(path, "integer,string", value)
        return
    expected = schema.get("type")
    if not _is_type(value, expected):
        yield _wrong_type(path, expected or "", value)
        return
    if isinstance(value, Mapping):
        yield from _check_object(value, schema, path)
    elif isinstance(value, list):
        yield from _check_list(value, schema, path)
    else:
        yield from _check_scalar(value, schema, path)


def _is_type(value: Any, expected: str | None) -> bool:
    kinds: dict[str | None, tuple[type, ...]] = {
        "object": (Mapping,),
        "array": (list,),
        "string": (str,),
        "integer": (int,),
        "boolean": (bool,),
    }
    if isinstance(value, bool) and expected != "boolean":
        return False
    return isinstance(value, kinds.get(expected, (object,)))


def _wrong_type(path: str, expected: str, value: Any) -> FieldError:
    actual = {
        dict: "object",
        list: "array",
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
    }.get(type(value), "null")
    return FieldError(path, f'Invalid value: "{actual}": {path} in body must be of type {expected}: "{actual}"')


def _check_object(value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[FieldError]:
    for name in schema.get("required", ()):
        if name not in value:
            yield FieldError(_join(path, name), "Required value")
    properties = schema.get("properties")
    if len(value) > schema.get("maxProperties", len(value)):
        yield FieldError(path, f"Too many: {len(value)}: must have at most {schema['maxProperties']} items")
    for name, item in value.items():
        child = schema.get("additionalProperties") if properties is None else properties.get(name)
        where = f"{path}.{name}" if path else name
        if child is not None:
            yield from _check(item, child, where)
        elif properties is not None and path:
            yield FieldError("", f'unknown field "{where}"')


def _check_list(value: Sequence[Any], schema: Schema, path: str) -> Iterator[FieldError]:
    if len(value) > schema.get("maxItems", len(value)):
        yield FieldError(path, f"Too many: {len(value)}: must have at most {schema['maxItems']} items")
    if len(value) < schema.get("minItems", 0):
        yield FieldError(
            path,
            f"Invalid value: {_shown(len(value))}: {path} in body should have at least {schema['minItems']} items",
        )
    keys = schema.get("x-kubernetes-list-map-keys")
    seen: list[Any] = []
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        yield from _check(item, schema["items"], where)
        if keys and isinstance(item, Mapping):
            identity: Any = {key: item[key] for key in keys if key in item}
        elif schema.get("x-kubernetes-list-type") == "set":
            identity = item
        else:
            continue
        if identity in seen:
            yield FieldError(where, f"Duplicate value: {_shown(identity)}")
        seen.append(identity)


def _check_scalar(value: str | int | bool, schema: Schema, path: str) -> Iterator[FieldError]:
    options = schema.get("enum")
    if options is not None and value not in options:
        supported = ", ".join(_shown(option) for option in options)
        yield FieldError(path, f"Unsupported value: {_shown(value)}: supported values: {supported}")
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield FieldError(path, f"Too long: may not be more than {schema['maxLength']} bytes")
        if len(value) < schema.get("minLength", 0):
            yield FieldError(
                path,
                f"Invalid value: {_shown(value)}: {path} in body should be at least {schema['minLength']} chars long",
            )
        return
    if "minimum" in schema and value < schema["minimum"]:
        yield _out_of_range(path, value, "greater", schema["minimum"])
    if "maximum" in schema and value > schema["maximum"]:
        yield _out_of_range(path, value, "less", schema["maximum"])


def _out_of_range(path: str, value: Any, side: str, limit: int) -> FieldError:
    return FieldError(path, f"Invalid value: {value}: {path} in body should be {side} than or equal to {limit}")


def _rules(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    entries = schema.get(RULES, ())
    for entry in () if _all_hold(entries, value) else entries:
        if _program(entry["rule"]).execute({"self": value}) is not True:
            # Only the values of scalars are shown.
            shown = "" if isinstance(value, Mapping | list) else f"{_shown(value)}: "
            yield FieldError(path, f"Invalid value: {shown}{_sentence(entry, value)}")
    if isinstance(value, Mapping):
        properties = schema.get("properties")
        for name, item in value.items():
            child = schema.get("additionalProperties") if properties is None else properties.get(name)
            if child is not None:
                yield from _rules(item, child, _join(path, name))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _rules(item, schema["items"], f"{path}[{index}]")


def _sentence(entry: Mapping[str, str], value: Any) -> str:
    """What refuses `value`: the sentence that names what is wrong, if the rule has one and it is a single line."""
    expression = entry.get("messageExpression")
    if expression is None:
        return entry["message"]
    said = str(_program(expression).execute({"self": value})).strip()
    return entry["message"] if "\n" in said else said


def _all_hold(entries: Sequence[Mapping[str, str]], value: Any) -> bool:
    """Whether all rules hold, in one go: to hand a value over costs more than to run a rule on it."""
    if not entries:
        return True
    together = " && ".join(f"({entry['rule']})" for entry in entries)
    return _program(together).execute({"self": value}) is True


def _join(path: str, name: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return f"{path}.{name}" if path else name
    return f"{path}[{name}]"
