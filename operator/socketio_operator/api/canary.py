"""A client of the operator's own, which shows whether the route works while nobody else does."""

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule

_ADDRESS = r"(\\[[0-9a-fA-F:.]+\\]|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?)(:[1-9][0-9]{0,4})?"


class Canary(Model):
    """Two short sessions every five minutes through the route, in a namespace that the app does not see."""

    enabled: bool = Field(
        True,
        description="Whether the operator connects through the route while clients send few requests, so that it can "
        "report the conditions Sticky and Routed. Default: true.",
    )
    address: str | None = Field(
        None,
        description="Where the operator reaches the route, `HOST` or `HOST:PORT`; a name without dots is a Service in "
        "this namespace. It requests routing.host there. Default: the address in the route's status; with "
        "`router: proxy` its Service. Example: `ingress-nginx-controller.ingress-nginx.svc`.",
        max_length=259,
        json_schema_extra=checked(
            rule(
                f"self.matches('^{_ADDRESS}$')",
                "routing.canary.address is HOST or HOST:PORT, such as ingress-nginx-controller.ingress-nginx.svc or "
                "10.0.0.7:8080 or [fd00::7]:8080, without http:// and without a path.",
            )
        ),
    )
