"""Registry of routers: one file or folder a router, one line here."""

from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.routers import (
    direct,
    f5_nginx,
    haproxy_ingress,
    haproxytech,
    ingress_nginx,
    none,
    proxy,
    traefik,
)
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.gateway import router as gateway

ROUTERS: dict[str, Router] = {
    router.name: router
    for router in (
        ingress_nginx.ROUTER,
        f5_nginx.ROUTER,
        traefik.ROUTER,
        haproxy_ingress.ROUTER,
        haproxytech.ROUTER,
        gateway.ROUTER,
        proxy.ROUTER,
        direct.ROUTER,
        none.ROUTER,
    )
}

__all__ = ["ROUTERS", "Lack", "Router"]
