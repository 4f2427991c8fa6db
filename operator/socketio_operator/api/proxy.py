"""The proxy that the operator runs in front of the pods."""

from typing import Annotated, Literal

from pydantic import Field

from socketio_operator.api.adapter import IMAGE_RULE
from socketio_operator.api.base import Model, checked, rule
from socketio_operator.api.pod import Resources, Scheduling

_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = f"{_BYTE}([.]{_BYTE}){{3}}/(3[0-2]|[12]?[0-9])"
_GROUP = "[0-9a-fA-F]{1,4}"
_SHORTENED = "|".join(f"({_GROUP}:){{1,{left}}}(:{_GROUP}){{1,{7 - left}}}" for left in range(1, 7))
_ADDRESS6 = f"({_GROUP}:){{7}}{_GROUP}|({_GROUP}:){{1,7}}:|{_SHORTENED}|:(:{_GROUP}){{1,7}}|::"
_IPV6 = f"({_ADDRESS6})/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"

Cidr = Annotated[
    str,
    Field(
        max_length=43,
        json_schema_extra=checked(
            rule(
                f"self.matches('^({_IPV4}|{_IPV6})$')",
                "Each range of addresses must be one such as 10.0.0.0/8 or 2001:db8::/32.",
            )
        ),
    ),
]


class Proxy(Model):
    """The proxy that the operator runs."""

    type: Literal["haproxy", "nginx", "httpd", "traefik"] = Field(
        "haproxy",
        description="Which program. `haproxy`: the only one that keeps the sessions of a pod that drains. `nginx`: the "
        "least memory. `httpd` (Apache): no clientIP, and a thread for each client. `traefik`: up to 48 pods, and "
        "clientIP not with forwardedFor. Default: `haproxy`.",
    )
    replicas: int = Field(2, description="Number of its pods. Default: 2.", ge=1, le=100)
    image: str | None = Field(
        None,
        description="Image of the proxy. Default: a setting of the operator. Example: `haproxy:3.2`.",
        min_length=1,
        max_length=1024,
        json_schema_extra=checked(IMAGE_RULE),
    )
    resources: Resources | None = Field(
        None,
        description="Compute resources of the proxy. Default: requests of 50m CPU and 64Mi memory, a limit of 256Mi "
        "memory. Example: `{limits: {memory: 1Gi}}`.",
    )
    pod: Scheduling = Field(
        Scheduling(),
        description="Scheduling of the proxy's pods. Default: `{}`. Example: `{nodeSelector: {edge: 'true'}}`.",
    )
