"""What is asked of a tenant's machines, beside the reconcile. What they answer is untrusted, and only a finding."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.broker_url import BrokerAddress
from socketio_operator.desired.metadata import SERVER
from socketio_operator.desired.server import runtime
from socketio_operator.plan.broker import BrokerAnswer
from socketio_operator.plan.entrance import Route, entrance, is_quiet, proof
from socketio_operator.plan.observed import Child
from socketio_operator.plan.passage import CanaryReport, Passage
from socketio_operator.plan.pods import Pod
from socketio_operator.plan.runtime import ELSEWHERE, NO_SERVER, SILENT, RuntimeReport

# Seconds between two questions to what is not well yet, or no more, and to what is. Of pods there are thousands.
UNWELL_SECONDS = 4.0
BROKER_WELL_SECONDS = 30.0
RUNTIME_WELL_SECONDS = 45.0
# Between two visits of two sessions each: less than one a minute. A visit takes the operator 14 ms of CPU.
CANARY_WELL_SECONDS = 300.0
CANARY_SECONDS = 150.0
CANARY_UNREACHED_SECONDS = 30.0
# For a whole exchange, however many answers it takes.
LIMIT_SECONDS = 4.0
CANARY_LIMIT_SECONDS = 10.0

Finding = RuntimeReport | BrokerAnswer | CanaryReport | None


@dataclass(frozen=True, slots=True)
class RuntimeProbe:
    """Asks a pod's runtime for its status. `ready`: the pod is, so that its answer changes rarely; `asks_runtime`: if
    the runtime says so. `up`: the app's port was open.
    """

    limit_seconds: ClassVar = LIMIT_SECONDS
    pod: str
    address: str
    port: int
    ready: bool
    started: datetime
    restarts: int = 0
    up: bool = False
    asks_runtime: bool = True

    def pause(self, finding: Finding) -> float:
        """Seconds until it is asked again."""
        well = isinstance(finding, RuntimeReport) and not finding.apart and self.ready
        return RUNTIME_WELL_SECONDS if well else UNWELL_SECONDS


@dataclass(frozen=True, slots=True)
class BrokerProbe:
    """Asks an external broker whether it serves with these credentials. `namespace`: of the pods that use it."""

    limit_seconds: ClassVar = LIMIT_SECONDS
    address: BrokerAddress
    namespace: str

    def pause(self, finding: Finding) -> float:
        """Seconds until it is asked again."""
        return BROKER_WELL_SECONDS if finding in (BrokerAnswer.WELL, BrokerAnswer.UNASKED) else UNWELL_SECONDS


@dataclass(frozen=True, slots=True)
class CanaryProbe:
    """Opens sessions through the route. `proof`: lets them into the runtime's namespace."""

    limit_seconds: ClassVar = CANARY_LIMIT_SECONDS
    route: Route
    proof: str = field(repr=False)

    def pause(self, finding: Finding) -> float:
        """Seconds until it goes again."""
        if not isinstance(finding, CanaryReport) or not finding.reached:
            return CANARY_UNREACHED_SECONDS
        return CANARY_WELL_SECONDS if finding.passage is Passage.FOUND else CANARY_SECONDS


Probe = RuntimeProbe | BrokerProbe | CanaryProbe
BROKER = "broker"
CANARY = "canary"


def runtime_name(pod: Pod) -> str:
    """Name of the probe of a pod's runtime."""
    return f"runtime {pod.uid}"


def wanted_probes(cluster: SocketIOCluster, pods: tuple[Pod, ...], broker: BrokerAddress | None) -> dict[str, Probe]:
    """What to ask for a cluster, by name. `broker`: of the external broker, if it is to be asked."""
    probes: dict[str, Probe] = {}
    # A server beside the app in its own pod is another one where the operator looks.
    if broker and not broker.within_pod:
        probes[BROKER] = BrokerProbe(broker, cluster.namespace)
    if runtime.injected(cluster):
        port = cluster.spec.runtime.port
        probes |= {
            runtime_name(pod): RuntimeProbe(
                pod.name, pod.address, port, pod.ready, pod.started, pod.restarts, pod.up, pod.asks_runtime
            )
            for pod in pods
            if pod.component == SERVER and pod.started and not pod.deleting and pod.address
        }
    return probes


def wanted_canary(
    cluster: SocketIOCluster,
    children: Iterable[Child],
    pods: tuple[Pod, ...],
    reports: Iterable[RuntimeReport],
    visited: bool,
    token: str,
) -> dict[str, Probe]:
    """A visit of the operator's own client, while there is a way and others hardly use it.

    `reports`: of the pods' runtimes. `visited`: it is on its way already. `token`: the runtime's.
    """
    ready = any(pod.component == SERVER and pod.ready for pod in pods)
    reports = tuple(reports)
    if not ready or not token or not runtime.injected(cluster) or not is_quiet(reports, visited):
        return {}
    if any(report.owner in (SILENT, NO_SERVER) for report in reports):
        return {}
    route = entrance(cluster, children)
    return {CANARY: CanaryProbe(route, proof(token))} if route else {}


def runtime_reports(pods: tuple[Pod, ...], findings: Mapping[str, Finding]) -> tuple[RuntimeReport, ...]:
    """What runtimes of pods report. One that does not run now may still have told why it never got ready."""
    reports = []
    for pod in pods:
        finding = findings.get(runtime_name(pod))
        if isinstance(finding, RuntimeReport) and not pod.deleting and (pod.started or finding.waits_for == ELSEWHERE):
            reports.append(finding)
    return tuple(reports)
