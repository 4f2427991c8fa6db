"""`helm --wait` in each state: Helm watches, and the test reports in place of the operator meanwhile."""

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.helm.tool import Helm, HelmError, helm_binary
from tests.reading.conftest import cluster_name, report
from tests.reading.page import ENDS, FAILS, WAITS, rows
from tests.reading.states import STATES, before, resource

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("probed")]

# Helm counts from when the object is there; the report follows within a second, on a busy machine within three.
SECONDS = 6
# Who ends early has this much, so that an end at the timeout cannot be taken for it.
AMPLE_SECONDS = 40
CLUSTERS = "{{ range .Values.clusters }}\n---\n{{ toYaml . }}\n{{ end }}"


@dataclass(frozen=True)
class Outcome:
    """What Helm did, in the page's words, and what it said; `seconds` from the report to its end."""

    verdict: str
    said: str
    seconds: float


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart of SocketIOClusters."""
    folder = tmp_path_factory.mktemp("chart")
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: chat\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "templates" / "chat.yaml").write_text(CLUSTERS, encoding="utf-8")
    return folder


def helm(major: int, space: Kubectl) -> Helm:
    return Helm(helm_binary(major), space.cluster.kubeconfig, space.namespace)


def run(tool: Helm, verb: str, chart: Path, seconds: int, *clusters: Mapping[str, Any]) -> tuple[str, str]:
    """A release of the first cluster's name, with `--wait`: the verdict and what Helm said."""
    options = ("--wait", f"--timeout={seconds}s", "-f", "-")
    values = json.dumps({"clusters": clusters})
    try:
        return ENDS, tool(verb, clusters[0]["metadata"]["name"], str(chart), *options, input=values)
    except HelmError as error:
        return (WAITS if "context deadline exceeded" in str(error) else FAILS), str(error)


def installed(space: Kubectl, chart: Path, state: str) -> Outcome:
    """Installs a cluster that gets into `state` while Helm waits for it."""
    name = cluster_name(state)
    seconds = SECONDS if rows()[state].helm == WAITS else AMPLE_SECONDS
    with ThreadPoolExecutor(1) as beside:
        release = beside.submit(run, helm(4, space), "install", chart, seconds, before(state, name))
        space("wait", "--for=create", f"sio/{name}", "--timeout=30s")
        report(space, name, resource(state))
        since = time.monotonic()
        verdict, said = release.result()
    return Outcome(verdict, said, time.monotonic() - since)


@pytest.fixture(scope="module")
def outcomes(space: Kubectl, chart: Path) -> dict[str, Outcome]:
    """What Helm 4 does in each state."""
    with ThreadPoolExecutor(6) as pool:
        found = pool.map(lambda state: installed(space, chart, state), STATES)
        return dict(zip(STATES, found, strict=True))


@pytest.mark.parametrize("name", STATES)
def test_the_page_says_what_helm_does(outcomes: dict[str, Outcome], name: str) -> None:
    assert outcomes[name].verdict == rows()[name].helm, outcomes[name].said


def test_helm_says_why_in_our_words(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        wanted = resource(name)
        conditions = {item["type"]: item for item in wanted["status"].get("conditions", ())}
        seen = wanted["status"]["observedGeneration"] == wanted["metadata"]["generation"]
        if outcome.verdict != ENDS and seen:
            assert conditions["Ready"]["message"] in outcome.said


def test_helm_ends_soon_after_the_report(outcomes: dict[str, Outcome]) -> None:
    early = [outcome.seconds for outcome in outcomes.values() if outcome.verdict != WAITS]
    assert max(early) < AMPLE_SECONDS / 4


def test_an_upgrade_waits_until_the_operator_has_seen_it(space: Kubectl, chart: Path) -> None:
    of = before("all as asked for", "upgraded")
    with ThreadPoolExecutor(1) as beside:
        release = beside.submit(run, helm(4, space), "install", chart, AMPLE_SECONDS, of)
        space("wait", "--for=create", "sio/upgraded", "--timeout=30s")
        report(space, "upgraded", resource("all as asked for"))
        assert release.result()[0] == ENDS
    changed = {**of, "spec": {**of["spec"], "replicas": 3}}
    verdict, said = run(helm(4, space), "upgrade", chart, 2, changed)
    assert verdict == WAITS
    assert "generation is 2, but latest observed generation is 1" in said


def test_one_that_failed_is_told_when_the_others_are_done(space: Kubectl, chart: Path) -> None:
    failed, other = "a Secret has been missing for a minute", "just applied"
    with ThreadPoolExecutor(1) as beside:
        both = (before(failed, "failed"), before(other, "other"))
        release = beside.submit(run, helm(4, space), "install", chart, SECONDS, *both)
        space("wait", "--for=create", "sio/failed", "--timeout=30s")
        report(space, "failed", resource(failed))
        verdict, said = release.result()
    assert verdict == WAITS
    assert "failed not ready. status: Failed" in said
    assert "other not ready. status: InProgress" in said


def test_helm_3_does_not_look_at_it(space: Kubectl, chart: Path) -> None:
    assert run(helm(3, space), "install", chart, 2, before("just applied", "unseen"))[0] == ENDS
