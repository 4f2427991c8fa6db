"""The server's pods with what their runtimes count, as verdicts look at them."""

import math
from dataclasses import dataclass
from datetime import timedelta

from socketio_operator.desired.metadata import SERVER
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.figures import Figures, Window, deaf_after, total
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.passage import CanaryReport
from socketio_operator.plan.pods import Pod
from socketio_operator.plan.probes import CANARY_WELL_SECONDS
from socketio_operator.plan.runtime import RuntimeReport

# After pods came and went connections stay where they are, and new pods have seen nothing yet: for so long nothing bad
# is concluded from that.
SETTLED_SECONDS = 600.0
# What the operator's own client found says something until two more visits have failed.
FRESH_SECONDS = 2.4 * CANARY_WELL_SECONDS


@dataclass(frozen=True, slots=True)
class Testimony:
    """A ready pod and what its runtime told."""

    pod: Pod
    report: RuntimeReport

    @property
    def figures(self) -> Figures:
        """What it counted."""
        return self.report.figures

    def knew(self, pod: Pod, seconds: float) -> bool:
        """Whether that pod had been ready for so long when this one told."""
        return pod.ready_since is not None and pod.ready_since + timedelta(seconds=seconds) <= self.report.taken


@dataclass(frozen=True, slots=True)
class Evidence:
    """`ready`: the server's pods that are. `told`: those of them that told something. `youngest_seconds`: since the
    last pod became ready; 0 while one is not, infinite without pods. `canary`: what the operator's own client found
    lately.
    """

    ready: tuple[Pod, ...]
    told: tuple[Testimony, ...]
    youngest_seconds: float
    canary: CanaryReport | None = None

    @classmethod
    def of(cls, observed: Observed) -> "Evidence":
        """What there is to judge by."""
        pods = [pod for pod in observed.pods_of(SERVER) if not pod.deleting]
        ready = tuple(pod for pod in pods if pod.ready)
        ages = [(observed.now - pod.ready_since).total_seconds() if pod.ready_since else 0.0 for pod in pods]
        reports = {report.pod: report for report in observed.runtimes}
        told = tuple(Testimony(pod, reports[pod.name]) for pod in ready if pod.name in reports)
        canary = observed.canary
        if canary and (observed.now - canary.taken).total_seconds() > FRESH_SECONDS:
            canary = None
        return cls(ready, told, min(ages, default=math.inf), canary)

    def still_well(self, before: Condition | None) -> Condition | None:
        """What was told if it was good, while pods are new; else None."""
        return before if before and before.status and self.youngest_seconds < SETTLED_SECONDS else None

    @property
    def deaf_seconds(self) -> float:
        """Without a heartbeat after which a pod is not heard. A pod that has just come, or one of an older runtime,
        knows least how rarely the others send: the one that sends most rarely counts. How many pods there are now
        does not say it: after many have gone the others send rarely for a while.
        """
        return deaf_after(max((one.figures.interval for one in self.told), default=0.0))

    @property
    def minute(self) -> Window:
        """Of all pods."""
        return total(one.figures.minute for one in self.told)

    @property
    def five_minutes(self) -> Window:
        """Of all pods."""
        return total(one.figures.five_minutes for one in self.told)


def percent(share: float) -> str:
    """A share, 0 to 1, as `12 %`."""
    return f"{share * 100:.0f} %"
