"""How kstatus and Argo CD read each state: docs/status.md, by kstatus' own library and Argo CD's engine for Lua."""

from typing import Any

import pytest

from tests.reading.page import rows
from tests.reading.readers import readings
from tests.reading.states import NOW, STATES, resource


def told(name: str) -> tuple[str, str]:
    found = {item["type"]: item for item in resource(name)["status"].get("conditions", ())}
    ready = f"{found['Ready']['status']}, `{found['Ready']['reason']}`" if found else "not there yet"
    return ready, next((kind for kind in ("Reconciling", "Stalled") if kind in found), "")


@pytest.mark.parametrize("name", STATES)
def test_the_page_says_how_each_state_is_read(name: str) -> None:
    (reading,) = readings([resource(name)])
    row = rows()[name]
    assert (row.ready, row.beside, row.kstatus) == (*told(name), reading.kstatus)
    assert row.argo_cd == reading.health["status"]


def test_the_page_has_no_state_that_is_not_tested() -> None:
    assert list(rows()) == list(STATES)


def test_the_copy_of_flux_and_helm_says_the_same() -> None:
    found = readings([resource(name) for name in STATES])
    assert [reading.flux for reading in found] == [reading.kstatus for reading in found]


def test_who_failed_is_told_in_our_words() -> None:
    resources = [resource(name) for name in STATES]
    read = zip(resources, readings(resources), strict=True)
    failed = [(of, found) for of, found in read if found.kstatus == "Failed"]
    assert failed
    for of, found in failed:
        assert {found.message, found.health["message"]} == {stalled(of)}


def stalled(of: dict[str, Any]) -> str:
    (found,) = (item["message"] for item in of["status"]["conditions"] if item["type"] == "Stalled")
    return str(found)


def test_one_that_is_deleted_ends() -> None:
    of = resource("all as asked for")
    of["metadata"]["deletionTimestamp"] = NOW
    assert readings([of])[0].kstatus == "Terminating"
