"""What a route's own status says: whether a controller serves it, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socketio_operator.plan.problem import one_line

_GATEWAY_CONDITIONS = ("Accepted", "ResolvedRefs")


@dataclass(frozen=True, slots=True)
class RouteState:
    """`taken`: a controller says that it serves the route. `address`: where, empty if it does not say. `refused`: why
    it does not serve it, empty if it does not say so.
    """

    taken: bool = False
    address: str = ""
    refused: str = ""

    @classmethod
    def of(cls, live: Mapping[str, Any]) -> "RouteState | None":
        """From a live object; None of a kind whose controllers write no such thing."""
        status = live.get("status") or {}
        if live["kind"] == "HTTPRoute":
            return cls._of_gateways(status)
        if live["kind"] == "Ingress" or (live.get("spec") or {}).get("type") == "LoadBalancer":
            places = (status.get("loadBalancer") or {}).get("ingress") or [{}]
            address = places[0].get("ip") or places[0].get("hostname") or ""
            return cls(bool(address), address)
        return None

    @classmethod
    def _of_gateways(cls, status: Mapping[str, Any]) -> "RouteState":
        parents = [parent.get("conditions") or [] for parent in status.get("parents") or ()]
        told = [item for items in parents for item in items if item.get("type") in _GATEWAY_CONDITIONS]
        for item in told:
            if item.get("status") == "False":
                return cls(
                    refused=f"{item['type']} is False: {one_line(item.get('message') or item.get('reason', ''))}"
                )
        return cls(bool(told) and all(item.get("status") == "True" for item in told))
