"""An image that does not load the runtime keeps its pods out of the routes no longer than it takes to see that.

A new template asks the runtime whether its pods are ready. Where none answers in them although the app listens, the
app's own port is asked instead, which replaces pods that were never ready; and that stays until the template has
another reason to change.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.component import Component
from socketio_operator.desired.kinds import Ref
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.runtime import SILENT


def is_unheard(cluster: SocketIOCluster, component: Component | None, workload: Ref, observed: Observed) -> bool:
    """Whether pods of a workload's present template wait for a runtime that does not answer while their app listens."""
    serving = {report.pod for report in observed.runtimes if report.serves}
    if not serving or component is None or workload != component.workload(cluster):
        return False
    progress = observed.progress(workload)
    if progress is None or not progress.current or not progress.updated:
        return False
    present = [pod for pod in observed.pods_of(component.label) if not pod.deleting]
    newest = max(present, key=lambda pod: pod.created, default=None)
    pods = {pod.name for pod in present if newest and pod.template == newest.template and pod.asks_runtime}
    ready = {pod.name for pod in present if pod.ready}
    heard = {report.pod for report in observed.runtimes if report.owner != SILENT}
    return bool(pods & serving) and not pods & (ready | heard)
