"""Pods come and go: every program follows them over DNS by itself, within 5 s, and nobody who is connected is cut."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.proxies.rig import CLIENTS, MORE, PODS, WEBSOCKETS
from tests.proxies.root import proxy_root
from tests.unit.samples import cluster

# Programs are held to seconds.
pytestmark = pytest.mark.timing

CASES = [
    (program, affinity)
    for program, made in PROGRAMS.items()
    for affinity in sorted(made.affinities(cluster(routing={"host": "a.example", "router": "proxy"})))
]
FOLLOWED_SECONDS = 5
AT_ONCE = 6
Seen = Mapping[str, Any]


@pytest.fixture(scope="session")
def everything_seen(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Seen]:
    """What was seen of each case. They mostly wait, each in a network of its own: so some run at once."""
    for program in PROGRAMS:
        proxy_root(program)
    folders = {case: tmp_path_factory.mktemp("-".join(case)) for case in CASES}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(CASES, pool.map(_see, CASES, folders.values()), strict=True))


def _see(case: tuple[str, str], folder: Path) -> Seen:
    command = ["unshare", "--net", sys.executable, "-m", "tests.proxies.rig", *case, str(folder)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    seen: Seen = json.loads(said) if said else {"log": _log(folder)}
    return seen


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text(encoding="utf-8") if log.exists() else ""


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def seen(case: tuple[str, str], everything_seen: dict[tuple[str, str], Seen]) -> Seen:
    found = everything_seen[case]
    assert "log" not in found, found["log"]
    return found


def test_it_is_healthy_before_the_first_pod_is_there(seen: Seen) -> None:
    assert seen["healthy"] is not None
    assert seen["without pods"] in (502, 503)
    assert seen["found"] <= FOLLOWED_SECONDS


def test_clients_are_spread_and_each_stays(seen: Seen, case: tuple[str, str]) -> None:
    assert set(seen["spread"]) == set(PODS)
    assert sum(seen["spread"].values()) == CLIENTS
    # Without affinity one client comes to several pods: what keeps it else is the affinity.
    assert (len(seen["again"]) == 1) == (case[1] != "none")


def test_what_a_client_says_of_itself_is_not_believed(seen: Seen) -> None:
    assert (seen["forged"]["X-Forwarded-For"], seen["forged"]["X-Forwarded-Proto"]) == ("127.0.1.1", "http")


def test_bodies_have_the_limit_of_the_engine(seen: Seen) -> None:
    assert (seen["largest"], seen["too large"]) == (900_000, 413)


def test_pods_are_followed(seen: Seen) -> None:
    assert seen["added"] is not None
    assert seen["removed"] is not None
    assert max(seen["added"], seen["removed"]) <= FOLLOWED_SECONDS


def test_those_who_are_connected_stay(seen: Seen) -> None:
    assert (seen["poll"], seen["echoes"]) == (200, [True] * WEBSOCKETS)


def test_while_dns_is_away_the_pods_stay(seen: Seen) -> None:
    assert set(seen["dns away"]) <= {*PODS[1:], MORE}


def test_without_the_name_the_pods_stay(seen: Seen, case: tuple[str, str]) -> None:
    # nginx takes it for the truth that there are none.
    assert set(seen["no addresses"]) <= ({"502"} if case[0] == "nginx" else {*PODS[1:], MORE})
