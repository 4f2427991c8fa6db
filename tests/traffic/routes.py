"""Routes for a Traefik without a cluster: one host for each way to choose a server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.traffic.chat_servers import ChatServer

HASH_HOST = "hash.localhost"  # by client address
COOKIE_HOST = "cookie.localhost"
ROUND_ROBIN_HOST = "round-robin.localhost"


def write_routes(file: Path, servers: Sequence[ChatServer]) -> Path:
    """Write the three routes to these servers as Traefik's file provider reads them (JSON is YAML)."""
    urls = [{"url": f"http://127.0.0.1:{server.port}"} for server in servers]
    balancers: dict[str, dict[str, Any]] = {
        HASH_HOST: {"strategy": "hrw"},
        COOKIE_HOST: {"sticky": {"cookie": {"name": "route", "httpOnly": True}}},
        ROUND_ROBIN_HOST: {"strategy": "wrr"},
    }
    names = {host: host.partition(".")[0] for host in balancers}
    routers = {
        name: {"rule": f"Host(`{host}`)", "service": name, "entryPoints": ["web"]} for host, name in names.items()
    }
    services = {names[host]: {"loadBalancer": {"servers": urls, **balancer}} for host, balancer in balancers.items()}
    file.write_text(json.dumps({"http": {"routers": routers, "services": services}}, indent=2))
    return file
