"""Kustomizations of Flux: the examples, applied, watched, and deleted with all that they brought."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cluster.kubectl import Kubectl
from tests.gitops.team import Team
from tests.gitops.watching import applied, seen_until
from tests.reading.readers import ARGO_CD

EXAMPLES = ARGO_CD.with_name("flux")
# How often Flux looks at Git and at the cluster; in the examples it is minutes.
INTERVAL_SECONDS = 5
READY_SECONDS = 180


def source(url: str) -> dict[str, Any]:
    """The example's GitRepository, of another URL."""
    manifest: dict[str, Any] = yaml.safe_load((EXAMPLES / "source.yaml").read_text(encoding="utf-8"))
    manifest["spec"] |= {"url": url, "interval": f"{INTERVAL_SECONDS}s"}
    return manifest


def example(name: str, **spec: Any) -> dict[str, Any]:
    """The example's Kustomization of that name; `spec` has other fields."""
    text = (EXAMPLES / "kustomizations.yaml").read_text(encoding="utf-8")
    manifest: dict[str, Any] = next(one for one in yaml.safe_load_all(text) if one["metadata"]["name"] == name)
    manifest["spec"] |= {"interval": f"{INTERVAL_SECONDS}s", "retryInterval": f"{INTERVAL_SECONDS}s", **spec}
    return manifest


def of(team: Team) -> dict[str, Any]:
    """The example's Kustomization of a cluster, for that of the team."""
    return example("chat", path=f"./{team.folder}", targetNamespace=team.kubectl.namespace)


@dataclass(frozen=True)
class Seen:
    """The condition Ready of a Kustomization at a moment, and the commit that was applied last."""

    ready: str
    reason: str
    message: str
    revision: str


@dataclass(frozen=True)
class Kustomization:
    """A Kustomization in the cluster; `kubectl` is in its namespace."""

    kubectl: Kubectl
    name: str

    def seen(self) -> Seen:
        """What it says now."""
        status = self.kubectl.json("get", "kustomization", self.name).get("status", {})
        ready: dict[str, str] = next((item for item in status.get("conditions", ()) if item["type"] == "Ready"), {})
        revision = status.get("lastAppliedRevision", "").rpartition(":")[2]
        return Seen(ready.get("status", ""), ready.get("reason", ""), ready.get("message", ""), revision)

    def wait(self, revision: str) -> list[Seen]:
        """Look until that commit is Ready; what was seen until then."""
        return self.wait_until(READY_SECONDS, ready="True", revision=revision)

    def wait_until(self, seconds: float, **fields: str) -> list[Seen]:
        """Look until it says so; what was seen until then. Raises TimeoutError with that."""
        self.refresh()

        def arrived(now: Seen) -> bool:
            return all(getattr(now, name) == value for name, value in fields.items())

        return seen_until(self.seen, arrived, seconds, f"{self.name} to be {fields}")

    def refresh(self) -> None:
        """Have Git looked at now, as a webhook does after a push."""
        at = f"reconcile.fluxcd.io/requestedAt={time.time_ns()}"
        self.kubectl("annotate", "gitrepository", "--all", "--overwrite", at)


@contextmanager
def kustomized(kubectl: Kubectl, manifest: dict[str, Any]) -> Iterator[Kustomization]:
    """The Kustomization for as long as the block runs; then what it brought is deleted, too."""
    with applied(kubectl, manifest) as name:
        yield Kustomization(kubectl, name)
