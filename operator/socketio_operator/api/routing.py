"""How clients reach the pods, and how they stay on the one that knows their session."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, object_name, rule


class Tls(Model):
    """TLS of the route."""

    secret_name: str = object_name("the Secret of type kubernetes.io/tls")


class CookieAffinity(Model):
    """The cookie that names a client's pod."""

    name: str = Field(
        "sio-affinity",
        description="Name of the cookie. Default: `sio-affinity`.",
        min_length=1,
        max_length=64,
        json_schema_extra=checked(
            rule(
                "self.matches('^[A-Za-z0-9_-]+$')",
                "routing.cookie.name must be made of letters, digits, _ and -, such as sio-affinity.",
            )
        ),
    )
    max_age_seconds: int | None = Field(
        None,
        description="Life of the cookie in seconds. Default: until the browser closes.",
        ge=60,
        le=31_536_000,
    )
    same_site: Literal["Lax", "Strict", "None"] = Field(
        "Lax",
        description="SameSite of the cookie; pages of another site need `None`, and TLS with it. Default: `Lax`.",
    )


class Timeouts(Model):
    """Proxy timeouts that replace the derived ones."""

    read_seconds: int | None = Field(
        None,
        description="How long the proxy waits for the server's next byte, in seconds; must exceed pingInterval + "
        "pingTimeout. Default: derived (60 or more).",
        ge=1,
        le=86_400,
    )
    send_seconds: int | None = Field(
        None,
        description="How long the proxy waits while it sends, in seconds. Default: as readSeconds.",
        ge=1,
        le=86_400,
    )


class Routing(
    Model,
    json_schema_extra=checked(
        rule(
            "self.affinity == 'cookie' || !has(self.cookie)",
            "routing.cookie has no effect here; set routing.affinity to cookie or remove routing.cookie.",
        ),
        rule(
            "!has(self.cookie) || self.cookie.sameSite != 'None' || has(self.tls)",
            "Browsers drop a cookie with sameSite None that is not Secure; add routing.tls.secretName or use Lax.",
        ),
    ),
):
    """The route from outside to the pods."""

    router: Literal["ingress-nginx"] = Field(
        "ingress-nginx",
        description="Kind of router: `ingress-nginx` writes an Ingress with nginx.ingress.kubernetes.io annotations, "
        "read by ingress-nginx and by Traefik 3.7 and later. Default: `ingress-nginx`.",
    )
    host: str = Field(
        description="Host name that clients use. Example: `chat.example.com`.",
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$')",
                "routing.host must be a DNS name in lower case such as chat.example.com, without scheme, port or path.",
            )
        ),
    )
    path: str = Field(
        "/",
        description="Path prefix that goes to the pods; `/` for the whole host. Default: `/`.",
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^/([A-Za-z0-9._~-]+/?)*$')",
                "routing.path must be an absolute path of letters, digits and ._~-, such as / or /socket.io/.",
            )
        ),
    )
    ingress_class_name: str = Field(
        "nginx", description="IngressClass of the Ingress. Default: `nginx`.", min_length=1, max_length=253
    )
    tls: Tls | None = Field(None, description="TLS. Default: none. Example: `{secretName: chat-tls}`.")
    affinity: Literal["clientIP", "cookie", "none"] = Field(
        "clientIP",
        description="What keeps a client on its pod: `clientIP` hashes its address and needs nothing of them; `cookie` "
        "survives scaling and shared addresses, clients must send cookies; `none` suits websocket-only clients. "
        "Default: `clientIP`.",
    )
    cookie: CookieAffinity | None = Field(
        None, description="Settings of `affinity: cookie`. Example: `{name: sio-affinity, sameSite: Lax}`."
    )
    timeouts: Timeouts | None = Field(
        None, description="Proxy timeouts. Default: derived from the ping. Example: `{readSeconds: 120}`."
    )
