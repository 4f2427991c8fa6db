"""How clients reach the pods, and how they stay on the one that knows their session."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.annotations import foreign_annotations
from socketio_operator.api.base import Model, checked, map_list, rule
from socketio_operator.api.canary import Canary
from socketio_operator.api.direct import Direct
from socketio_operator.api.gateway import Gateway
from socketio_operator.api.hosts import Host, Path, Tls, host_rule, path_rule
from socketio_operator.api.pod import Annotations, Labels, foreign_labels
from socketio_operator.api.proxy import Cidr, Proxy
from socketio_operator.api.service import ServiceSettings


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
        rule(
            "(self.router == 'gateway') == has(self.gateway)",
            "routing.router gateway needs routing.gateway.name, the Gateway that takes the route; other routers take "
            "no routing.gateway.",
        ),
        rule(
            "self.router == 'proxy' || !has(self.proxy)",
            "routing.proxy describes the proxy that the operator runs; set routing.router to proxy or remove "
            "routing.proxy.",
        ),
        rule(
            "self.router in ['proxy', 'direct', 'none'] || !has(self.service)",
            "routing.service describes the Service of routing.router proxy, direct or none; the others are reached "
            "through your controller. Set routing.router to one of them or remove routing.service.",
        ),
        rule(
            "!has(self.direct) || self.router == 'direct' || (self.router == 'proxy' && (!has(self.proxy) || "
            "self.proxy.type == 'haproxy'))",
            "routing.direct needs routing.router direct, or proxy with proxy.type haproxy, which takes clients to each "
            "pod by its host name; set one of them or remove routing.direct.",
        ),
        rule(
            "self.router != 'proxy' || !has(self.direct) || !has(self.direct.url) || "
            "self.direct.url.contains('://{dashed}.' + self.host)",
            "With routing.router proxy the servers' host names are {dashed} before routing.host; begin direct.url with "
            "https://{dashed}.HOST or leave it out.",
        ),
        rule(
            "self.router != 'proxy' || !has(self.direct) || !(self.host.startsWith('*') || (has(self.hosts) && "
            "self.hosts.exists(h, h.name.endsWith('.' + self.host))))",
            "With routing.router proxy and routing.direct the names below routing.host are those of the pods: set "
            "routing.host to a name such as chat.example.com, and remove from routing.hosts what lies below it.",
        ),
        rule(
            "!has(self.hosts) || !self.hosts.exists(h, h.name == self.host)",
            "routing.hosts are further host names; remove the one that is routing.host already.",
        ),
        rule(
            "!has(self.hosts) || !self.hosts.exists(h, has(h.tls)) || (has(self.tls) && (self.router in "
            "['ingress-nginx', 'f5-nginx', 'haproxy-ingress', 'haproxytech'] || (self.router == 'traefik' && "
            "self.affinity != 'clientIP')))",
            "routing.hosts[].tls adds to routing.tls and needs an Ingress, which others do not write (nor traefik with "
            "affinity clientIP): set routing.tls and such a router, or one certificate of all hosts in routing.tls.",
        ),
        rule(
            "!has(self.paths) || ([self.path] + self.paths).all(a, ([self.path] + self.paths).exists_one(b, "
            "(a + '/').startsWith(b.endsWith('/') ? b : b + '/')))",
            "routing.path and routing.paths must lie beside each other: / has all paths, /chat those below /chat. "
            "Remove what lies within another, or set routing.path.",
        ),
        rule(
            "self.clientAddress == 'peer' || self.router == 'proxy' || (self.clientAddress == 'forwardedFor' && "
            "self.router == 'ingress-nginx' && self.affinity == 'clientIP')",
            "routing.clientAddress is for routing.router proxy, and forwardedFor also for ingress-nginx with affinity "
            "clientIP; with others your controller decides whom it believes. Remove routing.clientAddress.",
        ),
        rule(
            "(self.router == 'proxy' && self.clientAddress != 'peer') == has(self.trustedProxies)",
            "routing.router proxy with clientAddress forwardedFor or proxyProtocol needs routing.trustedProxies, the "
            "addresses of those who may say who the client is; nothing else takes them.",
        ),
        rule(
            "!has(self.ingressClassName) || !(self.router in ['gateway', 'proxy', 'direct', 'none'])",
            "routing.ingressClassName has no effect here, as no Ingress is written; remove it.",
        ),
        rule(
            "!has(self.canary) || !has(self.canary.address) || !(self.router == 'direct' || self.clientAddress == "
            "'proxyProtocol')",
            "routing.canary.address has no effect here: the operator's own client takes no route with router direct, "
            "and does not speak the PROXY protocol; remove it.",
        ),
        rule(
            "!(self.router in ['proxy', 'direct', 'none']) || !(has(self.annotations) || has(self.labels))",
            "routing.annotations and routing.labels are those of an Ingress, IngressRoute or HTTPRoute, which is not "
            "written here; set routing.service.annotations and routing.service.labels.",
        ),
    ),
):
    """The route from outside to the pods."""

    router: Literal[
        "ingress-nginx", "f5-nginx", "traefik", "haproxy-ingress", "haproxytech", "gateway", "proxy", "direct", "none"
    ] = Field(
        "ingress-nginx",
        description="How clients reach the pods. Your controller, by an Ingress that it reads: `ingress-nginx` (also "
        "read by Traefik 3.7 and later), `f5-nginx` (nginx.org), `traefik`, `haproxy-ingress` "
        "(jcmoraisjr), `haproxytech`. Your Gateway, by an HTTPRoute: `gateway`. A proxy that the operator "
        "runs: `proxy`. Clients that choose a pod themselves: `direct`. A Service alone: `none`. Default: "
        "`ingress-nginx`.",
    )
    host: str = Field(
        description="Host name that clients use. A wildcard such as `*.example.com` matches all names with one more "
        "label; with `router: gateway`, with several more as well. With `router: proxy`, `direct` and "
        "`none` every host name reaches the pods, and this is the one in the status. Example: "
        "`chat.example.com`.",
        max_length=253,
        json_schema_extra=checked(host_rule("routing.host")),
    )
    hosts: tuple[Host, ...] = Field(
        default=(),
        description="Additional host names for the pods. A certificate in `tls` must be one of these as well, unless "
        "they have their own. Default: none. Example: `[{name: www.example.com}]`.",
        json_schema_extra=map_list("name", max_items=15),
    )
    path: str = Field(
        "/",
        description="Path prefix that is routed to the pods; `/` for the whole host. With `router: direct` and `none` "
        "every path is. Default: `/`.",
        max_length=253,
        json_schema_extra=checked(path_rule("routing.path")),
    )
    paths: tuple[Path, ...] = Field(
        default=(),
        description="Additional path prefixes that are routed to the pods; `path` is then not `/`, and `engine.path` "
        "is below one of them. Default: none. Example: `[/api, /upload]`.",
        json_schema_extra=checked(maxItems=7, **{"x-kubernetes-list-type": "set"}),
    )
    ingress_class_name: str | None = Field(
        None,
        description="IngressClass of the Ingress. Default: `nginx` for ingress-nginx and f5-nginx, `traefik` for "
        "traefik, `haproxy` for haproxy-ingress and haproxytech.",
        min_length=1,
        max_length=253,
    )
    annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations of the Ingress, IngressRoute or HTTPRoute: for cert-manager, ExternalDNS and others, "
        "and a few of its controller's own. Default: none. Example: `{cert-manager.io/cluster-issuer: letsencrypt}`.",
        json_schema_extra=foreign_annotations("routing.annotations"),
    )
    labels: Labels = Field(
        default_factory=dict,
        description="Labels added to the Ingress, IngressRoute or HTTPRoute. Default: none. Example: `{team: chat}`.",
        json_schema_extra=foreign_labels("routing.labels"),
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
    gateway: Gateway | None = Field(
        None, description="The Gateway of `router: gateway`. Example: `{name: public, implementation: traefik}`."
    )
    proxy: Proxy | None = Field(
        None, description="The proxy of `router: proxy`. Default: two of HAProxy. Example: `{type: nginx}`."
    )
    direct: Direct | None = Field(
        None,
        description="Clients choose among the pods themselves, and each pod has its own address. Default: with "
        "`router: direct` `{}`, otherwise off. Example: `{url: 'https://{dashed}.chat.example.com'}`.",
    )
    service: ServiceSettings | None = Field(
        None,
        description="The Service of `router: proxy`, `direct` or `none`. Default: a ClusterIP. "
        "Example: `{type: LoadBalancer}`.",
    )
    client_address: Literal["peer", "forwardedFor", "proxyProtocol"] = Field(
        "peer",
        description="What counts as the client's address. `peer`: the peer of the connection, or with `ingress-nginx` "
        "the address that the controller uses. `forwardedFor`: with `router: proxy` the last address of "
        "X-Forwarded-For that none of trustedProxies has; with `ingress-nginx` the first one, by the "
        "snippet of Socket.IO's documentation: clients can forge it, and the controller must allow "
        "snippets. `proxyProtocol`: with `router: proxy` the PROXY protocol, with which every connection "
        "must then begin. Default: `peer`.",
    )
    trusted_proxies: tuple[Cidr, ...] | None = Field(
        None,
        description="Addresses of the load balancers in front of `router: proxy`, which are trusted for the client's "
        "address. Default: none. Example: `[10.0.0.0/8]`.",
        min_length=1,
        json_schema_extra=checked(maxItems=64, **{"x-kubernetes-list-type": "set"}),
    )

    canary: Canary | None = Field(
        None,
        description="The operator's own client, which tests the route. Default: on. Example: `{enabled: false}`.",
    )

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """Every host name, `host` first."""
        return (self.host, *(one.name for one in self.hosts))

    @property
    def all_paths(self) -> tuple[str, ...]:
        """Every path prefix, `path` first."""
        return (self.path, *self.paths)

    @property
    def affinity_cookie(self) -> CookieAffinity:
        """The cookie of `affinity: cookie`, with its defaults where nothing is said of it."""
        return self.cookie or CookieAffinity()

    @property
    def to_pods(self) -> Direct | None:
        """How clients reach the pods themselves, with its defaults; None if they do not."""
        return (self.direct or Direct()) if self.router == "direct" else self.direct

    @property
    def managed_proxy(self) -> Proxy | None:
        """The proxy that the operator runs, with its defaults; None with other routers."""
        return (self.proxy or Proxy()) if self.router == "proxy" else None

    @property
    def canary_settings(self) -> Canary:
        """Of the operator's own client, with their defaults where nothing is said of it."""
        return self.canary or Canary()
