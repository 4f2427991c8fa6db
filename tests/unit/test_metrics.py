"""The operator's metrics: what is counted, as Prometheus reads it, and the page that lists them."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families as parsed

from socketio_operator.controller.key import Key
from socketio_operator.controller.metrics import Metrics, Present, QueueMeter
from socketio_operator.controller.queue import WorkQueue
from tests.traffic.ports import free_port

PAGE = Path(__file__).parents[2] / "docs" / "operator-metrics.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) \| .* \|$", re.MULTILINE)


def condition(type_: str, status: str, reason: str) -> dict[str, str]:
    return {"type": type_, "status": status, "reason": reason}


CHAT = {"status": {"conditions": [condition("Ready", "False", "RolloutStuck"), condition("Sticky", "True", "Seen")]}}
PRESENT = Present(2, (0.5, 3.0), {Key("team", "chat"): CHAT, Key("team", "new"): {}}, {"watch of pods": 7.5})


def values(registry: CollectorRegistry) -> dict[str, float]:
    """Value by sample, such as `name{label="value"}`."""
    found = {}
    for family in parsed(generate_latest(registry).decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def of(family: str, found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if name.partition("{")[0] == family}


def test_the_page_lists_every_metric_with_its_type_and_labels() -> None:
    metrics = Metrics(workers=32)
    metrics.show(lambda: PRESENT)
    # What has a sample only once it happened.
    metrics.reconciles.failed()
    asyncio.run(requests_of(metrics))
    made = {}
    for family in parsed(generate_latest(metrics.registry).decode()):
        name = family.name + ("_total" if family.type == "counter" else "")
        if name.startswith(("process_", "python_")):
            continue
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        made[name] = (family.type, labels)
    listed = {
        name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in ROW.findall(PAGE.read_text("utf-8"))
    }
    assert made == listed


def test_alerts_of_the_page_use_metrics_that_exist() -> None:
    text = PAGE.read_text("utf-8")
    listed = {name for name, _, _ in ROW.findall(text)}
    used = set(re.findall(r"\b(?:socketio_operator|workqueue|controller_runtime|rest_client)_\w+", text))
    assert used <= listed


def test_the_queue_counts_what_goes_through_it() -> None:
    registry = CollectorRegistry()

    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue(QueueMeter(registry))
        for key in ("a", "b", "a"):
            queue.add(key)
        assert (queue.waiting, queue.under_work) == (2, ())
        key = await queue.get()
        queue.add(key)
        await asyncio.sleep(0.01)
        (lasted,) = queue.under_work
        assert lasted >= 0.01
        assert queue.waiting == 2, "one key is under work and waits once more"
        queue.retry(key)
        queue.done(key)
        assert (queue.waiting, queue.under_work) == (1, ())

    asyncio.run(scenario())
    found = values(registry)
    assert found['workqueue_adds_total{name="socketiocluster"}'] == 3
    assert found['workqueue_retries_total{name="socketiocluster"}'] == 1
    assert found['workqueue_queue_duration_seconds_count{name="socketiocluster"}'] == 1
    assert found['workqueue_work_duration_seconds_sum{name="socketiocluster"}'] >= 0.01


def test_reconciles_are_counted_by_how_they_end() -> None:
    metrics = Metrics(workers=3)
    prefix = "controller_runtime"
    with metrics.reconciles.under_way():
        during = values(metrics.registry)
    metrics.reconciles.failed()
    for again in (None, 5.0, None):
        with metrics.reconciles.under_way():
            metrics.reconciles.succeeded(again)
    found = values(metrics.registry)
    label = '{controller="socketiocluster"}'
    assert (during[f"{prefix}_active_workers{label}"], found[f"{prefix}_active_workers{label}"]) == (1, 0)
    assert found[f"{prefix}_max_concurrent_reconciles{label}"] == 3
    assert found[f"{prefix}_reconcile_errors_total{label}"] == 1
    assert found[f"{prefix}_reconcile_time_seconds_count{label}"] == 4
    ends = {name.rpartition("result=")[2]: value for name, value in of(f"{prefix}_reconcile_total", found).items()}
    assert ends == {'"success"}': 2, '"requeue_after"}': 1, '"error"}': 1}


def test_what_is_true_now_is_read_at_each_scrape() -> None:
    metrics, present = Metrics(workers=1), [PRESENT]
    metrics.show(lambda: present[0])
    found = values(metrics.registry)
    assert found["socketio_operator_clusters"] == 2
    assert of("socketio_operator_cluster_condition", found) == {
        f'socketio_operator_cluster_condition{{name="chat",namespace="team",{labels}}}': 1
        for labels in ('reason="RolloutStuck",status="False",type="Ready"', 'reason="Seen",status="True",type="Sticky"')
    }
    assert of("workqueue_depth", found) == {'workqueue_depth{name="socketiocluster"}': 2}
    assert of("workqueue_unfinished_work_seconds", found).popitem()[1] == 3.5
    assert of("workqueue_longest_running_processor_seconds", found).popitem()[1] == 3.0
    assert found['socketio_operator_watch_silence_seconds{watch="watch of pods"}'] == 7.5
    present[0] = Present(0, (), {}, {})
    assert of("socketio_operator_cluster_condition", values(metrics.registry)) == {}


async def requests_of(metrics: Metrics) -> None:
    """Two requests that are answered and one that is not."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["code"]))

    app = web.Application()
    app.router.add_route("*", "/{code}", answer)
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        # A connection that is kept would be tried again on another one.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", middlewares=(metrics.count,), connector=connector
        ) as session:
            await session.get("/200")
            await session.patch("/409")
            await runner.cleanup()
            with pytest.raises(aiohttp.ClientError):
                await session.get("/200")
    finally:
        await runner.cleanup()


def test_requests_are_counted_by_their_answer() -> None:
    metrics = Metrics(workers=1)
    asyncio.run(requests_of(metrics))
    counted = of("rest_client_requests_total", values(metrics.registry))
    assert counted == {
        f'rest_client_requests_total{{code="{code}",method="{method}"}}': 1
        for code, method in (("200", "GET"), ("409", "PATCH"), ("<error>", "GET"))
    }


@pytest.mark.timing
def test_a_scrape_of_a_thousand_clusters_holds_nobody_up() -> None:
    """All of it runs in the event loop, beside reconciles and probes."""
    conditions = [condition(f"Type{number}", "True", "Reason") for number in range(9)]
    body: dict[str, Any] = {"status": {"conditions": conditions}}
    clusters = {Key(f"team-{number}", "chat"): body for number in range(1000)}
    metrics = Metrics(workers=1)
    metrics.show(lambda: Present(0, (), clusters, {}))
    begun = time.process_time()
    assert len(generate_latest(metrics.registry)) > 500_000
    assert time.process_time() - begun < 0.25
