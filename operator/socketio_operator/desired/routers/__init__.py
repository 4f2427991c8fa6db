"""Registry of routers: one file a router, one line here."""

from socketio_operator.desired.routers import ingress_nginx, proxy
from socketio_operator.desired.routers.base import Router

ROUTERS: dict[str, Router] = {router.name: router for router in (ingress_nginx.ROUTER, proxy.ROUTER)}

__all__ = ["ROUTERS", "Router"]
