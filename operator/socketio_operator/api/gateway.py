"""Settings of the Gateway API: which Gateway a route attaches to, and whose extensions keep sessions on their pods."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model


class Gateway(Model):
    """The Gateway that takes the route. Its listeners decide by `allowedRoutes` which namespaces may attach."""

    name: str = Field(description="Name of the Gateway. Example: `public`.", min_length=1, max_length=253)
    namespace: str | None = Field(
        None,
        description="Namespace of the Gateway. Default: the cluster's own. Example: `gateways`.",
        min_length=1,
        max_length=63,
    )
    section_name: str | None = Field(
        None,
        description="Listener of the Gateway. Default: all that fit. Example: `https`.",
        min_length=1,
        max_length=253,
    )
    implementation: Literal["traefik", "envoy-gateway", "nginx-gateway-fabric", "other"] = Field(
        "other",
        description="What runs the Gateway, because the Gateway API itself has no stable field to keep a client on "
        "its pod: `traefik` (TraefikService), `envoy-gateway` (BackendTrafficPolicy), "
        "`nginx-gateway-fabric` (UpstreamSettingsPolicy), `other` (no affinity; sessions find their pods "
        "by forwarding). Default: `other`.",
    )
