"""Applications of Argo CD: made, watched and deleted with all that they brought."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cluster.errors import KubectlError
from tests.gitops.argo_cd import ArgoCD
from tests.gitops.repository import BRANCH
from tests.gitops.watching import applied, seen_until

# With it, what an Application brought is deleted with it.
CASCADE = "resources-finalizer.argocd.argoproj.io"
# Without it, a field that goes from Git and has a default in the CRD is no difference: Argo CD takes the default for
# the mutation of a webhook.
WHOLE_DIFF = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true,IncludeMutationWebhook=true"}


@dataclass(frozen=True)
class Seen:
    """An Application at a moment; `operation` is when its last sync operation began, if there was one."""

    sync: str
    health: str
    revision: str
    operation: str
    phase: str
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """An Application in Argo CD."""

    argo: ArgoCD
    name: str

    def seen(self) -> Seen:
        """What it says now."""
        status = self.argo.application(self.name).get("status", {})
        operation = status.get("operationState", {})
        return Seen(
            sync=status.get("sync", {}).get("status", ""),
            health=status.get("health", {}).get("status", ""),
            revision=status.get("sync", {}).get("revision", ""),
            operation=operation.get("startedAt", ""),
            phase=operation.get("phase", ""),
            conditions=tuple(item["message"] for item in status.get("conditions", ())),
        )

    def wait(self, sync: str, health: str, seconds: float, revision: str = "") -> list[Seen]:
        """Look until it says so, of `revision` when given; what was seen until then. Raises TimeoutError."""

        def arrived(now: Seen) -> bool:
            synced = now.phase == "Succeeded" if sync == "Synced" else True
            return (now.sync, now.health) == (sync, health) and synced and revision in (now.revision, "")

        if revision:
            self.refresh()
        what = f"{self.name} to be {sync} and {health}"
        return seen_until(self.seen, arrived, seconds, what, tolerate=(KubectlError,))

    def refresh(self) -> None:
        """Have Git looked at now, as a webhook does after a push."""
        self.argo.kubectl("annotate", "application", self.name, "argocd.argoproj.io/refresh=normal", "--overwrite")

    def others_than(self, sync: str, health: str, seconds: float) -> list[Seen]:
        """See others_than() below."""
        return others_than(sync, health, seconds, (self,))


def others_than(
    sync: str,
    health: str,
    seconds: float,
    applications: Sequence[Delivered],
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Seen]:
    """Look twice a second for so long; what was seen other than this, or with another sync operation than at first."""
    end = time.monotonic() + seconds
    others: list[Seen] = []
    operations = {one.name: one.seen().operation for one in applications}
    while time.monotonic() < end:
        for one in applications:
            now = one.seen()
            if (now.sync, now.health, now.operation) != (sync, health, operations[one.name]):
                others.append(now)
        meanwhile()
        time.sleep(0.5)
    return others


@contextmanager
def delivered(argo: ArgoCD, manifest: Mapping[str, Any]) -> Iterator[Delivered]:
    """The Application for as long as the block runs; then all that it brought is deleted, and waited for."""
    with applied(argo.kubectl, manifest) as name:
        yield Delivered(argo, name)


def application(name: str, source: Mapping[str, Any], namespace: str, **more: Any) -> dict[str, Any]:
    """Synced by itself, with self-heal and pruning; `more` of its spec. `source` has `repoURL` and what is in it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "finalizers": [CASCADE], "annotations": WHOLE_DIFF},
        "spec": {
            "project": "default",
            "source": {"targetRevision": BRANCH, **source},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["ServerSideApply=true", "CreateNamespace=true"],
            },
            **more,
        },
    }
