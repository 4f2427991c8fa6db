"""What of a live object is ours: its projection on our entry in `managedFields`.

If the projection equals what we would apply, an apply would change nothing and is not sent.
Format of fieldsV1: `f:<name>` a field, `k:<json>` an item of a list by its keys, `v:<json>` an item of a
set, `.` the item itself; an empty object is a leaf, owned whole (Kubernetes, structured-merge-diff).
"""

import json
from collections.abc import Mapping
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
    by_keys = [(json.loads(name[2:]), fields[name]) for name in names if name.startswith("k:")]
    members = [json.loads(name[2:]) for name in names if name.startswith("v:")]
    result = []
    for item in items:
        if item in members:
            result.append(item)
        for keys, inner in by_keys:
            if isinstance(item, Mapping) and all(item.get(key) == value for key, value in keys.items()):
                result.append(_project(item, inner))
    return result
