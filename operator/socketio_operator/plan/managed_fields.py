"""What of a live object is ours: its projection on our entry in `managedFields`.

If the projection equals what we would apply, an apply would change nothing and is not sent.
Format of fieldsV1: `f:<name>` a field, `k:<json>` an item of a list by its keys, `v:<json>` an item of a
set, `.` the item itself; an empty object is a leaf, owned whole (Kubernetes, structured-merge-diff).
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import FIELD_MANAGER


def owned_fields(live: Mapping[str, Any]) -> Manifest | None:
    """The part of `live` that our last apply set; None if we never applied it."""
    for entry in live["metadata"].get("managedFields", ()):
        if entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource"):
            projection = _project(live, entry.get("fieldsV1", {}))
            return projection if isinstance(projection, dict) else {}
    return None


def _project(value: Any, fields: Mapping[str, Any]) -> Any:
    names = [name for name in fields if name != "."]
    if not names:
        return value
    if isinstance(value, list):
        return _project_list(value, fields, names)
    if not isinstance(value, Mapping):
        return value
    return {
        name[2:]: _project(value[name[2:]], fields[name])
        for name in names
        if name.startswith("f:") and name[2:] in value
    }


def _project_list(items: list[Any], fields: Mapping[str, Any], names: list[str]) -> list[Any]:
    """Owned items in the order of the live list."""
    by_keys: dict[tuple[str, ...], dict[tuple[Any, ...], Mapping[str, Any]]] = {}
    for name in names:
        if name.startswith("k:"):
            keys, values = _keys(name)
            by_keys.setdefault(keys, {})[values] = fields[name]
    members = [json.loads(name[2:]) for name in names if name.startswith("v:")]
    result = []
    for item in items:
        if item in members:
            result.append(item)
        if isinstance(item, Mapping):
            for keys, owned in by_keys.items():
                inner = owned.get(tuple(item.get(key) for key in keys))
                if inner is not None:
                    result.append(_project(item, inner))
    return result


@lru_cache(maxsize=4096)
def _keys(name: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Names and values of `k:<json>`. Few distinct ones exist: ports, variables, volumes."""
    keys = json.loads(name[2:])
    return tuple(keys), tuple(keys.values())
