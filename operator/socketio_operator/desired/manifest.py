"""Manifests are plain dicts in canonical form: no nulls, no empty lists.

Server-side apply owns exactly the fields that are sent; an empty list or a null would be owned,
dropped by the server, and look like drift for ever.
"""

from typing import Any

from socketio_operator.api.base import Model

Manifest = dict[str, Any]


def canonical(value: Any) -> Any:
    """`value` without nulls and empty lists, tuples as lists."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items() if item is not None and item not in ((), [])}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return value


def wire(model: Model | None) -> Any:
    """A model in the wire format, canonical; None stays None."""
    return None if model is None else canonical(model.model_dump(by_alias=True, exclude_none=True, mode="json"))
