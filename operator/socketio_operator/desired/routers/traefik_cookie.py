"""Traefik's sticky cookie: one form in its CRDs, another in annotations of a Service (Traefik 3.7)."""

from typing import Any

from socketio_operator.api.routing import Routing


def sticky_cookie(routing: Routing) -> dict[str, Any]:
    """`sticky.cookie` of a service in Traefik's CRDs; older versions know SameSite in lower case only."""
    cookie = routing.affinity_cookie
    settings: dict[str, Any] = {
        "name": cookie.name,
        "path": "/",
        "httpOnly": True,
        "sameSite": cookie.same_site.lower(),
    }
    if routing.tls:
        settings["secure"] = True
    if cookie.max_age_seconds:
        settings["maxAge"] = cookie.max_age_seconds
    return settings


def sticky_annotations(routing: Routing) -> dict[str, str]:
    """The same as annotations of a Service that an Ingress leads to."""
    prefix = "traefik.ingress.kubernetes.io/service.sticky.cookie"
    settings = {f"{prefix}.{name.lower()}": _text(value) for name, value in sticky_cookie(routing).items()}
    return {prefix: "true", **settings}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
