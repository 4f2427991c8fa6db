"""Kustomizations of Flux: the examples, applied, watched, and deleted with all that they brought."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import yaml

from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.gitops.team import Team
from tests.reading.readers import ARGO_CD

EXAMPLES = ARGO_CD.with_name("flux")
# How often Flux looks at Git and at the cluster; in the examples it is minutes.
INTERVAL_SECONDS = 5
READY_SECONDS = 180
DELETION_SECONDS = 120


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


class Kustomization:
    """A Kustomization in the cluster for as long as the block runs; `kubectl` is in its namespace."""

    def __init__(self, kubectl: Kubectl, manifest: dict[str, Any]) -> None:
        self._kubectl = kubectl
        self._manifest = manifest
        self.name: str = manifest["metadata"]["name"]

    def __enter__(self) -> Self:
        self._kubectl.apply(self._manifest)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """What it brought is deleted, too."""
        wait = f"--timeout={DELETION_SECONDS}s"
        self._kubectl("delete", "kustomization", self.name, wait, timeout=DELETION_SECONDS + 5)

    def seen(self) -> Seen:
        """What it says now."""
        status = self._kubectl.json("get", "kustomization", self.name).get("status", {})
        ready: dict[str, str] = next((item for item in status.get("conditions", ()) if item["type"] == "Ready"), {})
        revision = status.get("lastAppliedRevision", "").rpartition(":")[2]
        return Seen(ready.get("status", ""), ready.get("reason", ""), ready.get("message", ""), revision)

    def wait(self, revision: str) -> list[Seen]:
        """Look until that commit is Ready; what was seen until then."""
        return self.wait_until(READY_SECONDS, ready="True", revision=revision)

    def wait_until(self, seconds: float, **fields: str) -> list[Seen]:
        """Look until it says so; what was seen until then. Raises TimeoutError with that."""
        self.refresh()
        seen: list[Seen] = []

        def arrived() -> bool:
            now = self.seen()
            if not seen or seen[-1] != now:
                seen.append(now)
            return all(getattr(now, name) == value for name, value in fields.items())

        try:
            wait_for(arrived, seconds, f"{self.name} to be {fields}")
        except TimeoutError as error:
            raise TimeoutError("\n".join((str(error), *map(str, seen)))) from None
        return seen

    def refresh(self) -> None:
        """Have Git looked at now, as a webhook does after a push."""
        at = f"reconcile.fluxcd.io/requestedAt={time.time_ns()}"
        self._kubectl("annotate", "gitrepository", "--all", "--overwrite", at)
