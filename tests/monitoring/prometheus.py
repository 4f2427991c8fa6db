"""Prometheus Operator, and Prometheus with the configuration that it makes of monitors, as processes."""

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.cluster.binaries import Module, ensure
from tests.cluster.building import go_environment
from tests.cluster.cluster import Cluster
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.layout import LOGS
from tests.cluster.waiting import wait_for
from tests.traffic.ports import free_port
from tests.traffic.processes import is_well, running

MODULES = Path(__file__).parent / "modules"
OPERATOR = Module(
    "prometheus-operator",
    180,
    beside=MODULES,
    package="github.com/prometheus-operator/prometheus-operator/cmd/operator",
)
PROMETHEUS = Module("prometheus", 180, beside=MODULES, package="github.com/prometheus/prometheus/cmd/prometheus")
# Of all that it finds targets by, this alone. Debian's package is built without it.
TAGS = "-tags=remove_all_sd,enable_kubernetes_sd"
# The newest that this Prometheus Operator makes a configuration for.
VERSION = "v3.5.0"
INSTANCE = "test"
# What it selects monitors by.
LABELS = {"release": "prometheus"}
CRDS = ("prometheuses", "prometheusrules", "probes", "scrapeconfigs", "servicemonitors", "podmonitors")


@contextmanager
def prometheus_operator(cluster: Cluster) -> Iterator[None]:
    """Runs for as long as the block does; its CRDs must be served."""
    address = f"127.0.0.1:{free_port()}"
    command = (ensure((OPERATOR,)).folders[OPERATOR.name] / OPERATOR.name, f"--web.listen-address={address}")
    environment = {"KUBECONFIG": str(cluster.kubeconfig)}
    is_ready = partial(is_well, f"http://{address}/healthz")
    with running(OPERATOR.name, command, LOGS / f"{OPERATOR.name}.log", is_ready, environment):
        yield


def instance() -> dict[str, Any]:
    """A Prometheus without a pod, which selects the monitors of its namespace by LABELS."""
    selector = {"matchLabels": LABELS}
    selectors = {"serviceMonitorSelector": selector, "podMonitorSelector": selector}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": INSTANCE},
        "spec": {"version": VERSION, "replicas": 0, "scrapeInterval": "1s", **selectors},
    }


@dataclass(frozen=True)
class Prometheus:
    """One that runs, at `url`."""

    url: str

    def query(self, expression: str) -> list[dict[str, str]]:
        """The labels of each series that an expression has a value for now. Raises HTTPError when it is none."""
        return [found["metric"] for found in self._asked("query", query=expression)["result"]]

    def targets(self) -> list[dict[str, Any]]:
        """What it scrapes, or tries to."""
        found: list[dict[str, Any]] = self._asked("targets", state="active")["activeTargets"]
        return found

    def _asked(self, what: str, **query: str) -> dict[str, Any]:
        with urlopen(f"{self.url}/api/v1/{what}?{urlencode(query)}", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)["data"]
            return found


@contextmanager
def prometheus(cluster: Cluster, kubectl: Kubectl, folder: Path) -> Iterator[Prometheus]:
    """Runs with what Prometheus Operator has configured for the instance of kubectl's namespace."""
    found = wait_for(partial(_configured, kubectl), 60, "a configuration with a scrape", tolerate=(KubectlError,))
    for scrape in found["scrape_configs"]:
        for discovery in scrape["kubernetes_sd_configs"]:
            # Its pod would have a ServiceAccount.
            discovery["kubeconfig_file"] = str(cluster.kubeconfig)
    configuration = folder / "prometheus.yaml"
    configuration.write_text(yaml.safe_dump(found), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    environment = go_environment()
    environment["GOFLAGS"] += f" {TAGS}"
    command = (
        ensure((PROMETHEUS,), environment).folders[PROMETHEUS.name] / PROMETHEUS.name,
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    )
    with running("prometheus", command, LOGS / "prometheus.log", partial(is_well, f"http://{address}/-/ready")):
        yield Prometheus(f"http://{address}")


def _configured(kubectl: Kubectl) -> dict[str, Any] | None:
    """What the operator has written for the instance; None while no monitor is in it."""
    secret = kubectl.json("get", "secret", f"prometheus-{INSTANCE}")
    text = gzip.decompress(base64.b64decode(secret["data"]["prometheus.yaml.gz"])).decode()
    # As the config reloader in its pod fills it in.
    found: dict[str, Any] = yaml.safe_load(text.replace("$(SHARD)", "0").replace("$(POD_NAME)", f"{INSTANCE}-0"))
    return found if found["scrape_configs"] else None
