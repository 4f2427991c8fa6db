"""Defaults that depend on other fields, which a CRD cannot state: filled in when a spec is read, never stored."""

from collections.abc import Mapping
from typing import Any

ADAPTERS = {"node": "redis-streams", "python": "redis", "none": "redis"}


def filled_in(spec: Mapping[str, Any]) -> dict[str, Any]:
    """`spec` with an adapter for its runtime; with redis-streams sessions are recovered, too."""
    adapter, engine, runtime = (spec.get(name) or {} for name in ("adapter", "engine", "runtime"))
    if not all(isinstance(part, Mapping) for part in (adapter, engine, runtime)) or adapter.get("type") is not None:
        return dict(spec)
    chosen = ADAPTERS.get(runtime.get("inject", "node"), "redis")
    if chosen == "redis-streams":
        engine = {"connectionStateRecovery": {}, **engine}
    return {**spec, "adapter": {**adapter, "type": chosen}, "engine": engine}
