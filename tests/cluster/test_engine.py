"""What lies between a privileged container and a machine that lacks a capability."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.kind_node import bounded_runc

EVERY = frozenset(f"CAP_{name}" for name in bounded_runc.CAPABILITIES)


def process() -> dict[str, Any]:
    """A process of a privileged container."""
    every = sorted(EVERY)
    return {"capabilities": {"bounding": [*every], "effective": [*every]}, "oomScoreAdj": -999}


def test_the_names_of_the_capabilities_are_as_many_as_the_kernels() -> None:
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert len(bounded_runc.CAPABILITIES) == last + 1
    assert bounded_runc.CAPABILITIES[24] == "SYS_RESOURCE"  # as in linux/capability.h


def test_a_process_asks_only_for_what_it_can_have() -> None:
    found = process()
    bounded_runc.lessen(found, EVERY - {"CAP_SYS_RESOURCE"}, oom_score=0)
    for names in found["capabilities"].values():
        assert EVERY - set(names) == {"CAP_SYS_RESOURCE"}
    assert found["oomScoreAdj"] == 0


def test_a_process_keeps_all_that_it_can_have() -> None:
    found = process()
    bounded_runc.lessen(found, EVERY, oom_score=0)
    assert found == process()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--root", "/r", "create", "--bundle", "/b", "id"], "/b/config.json"),
        (["--log=/l", "create", "--bundle=/b", "id"], "/b/config.json"),
        (["--root", "/r", "exec", "--process", "/p/spec", "id"], "/p/spec"),
        (["--root", "/r", "exec", "-p", "/p/spec", "id"], "/p/spec"),
        (["--root", "/r", "delete", "--force", "id"], None),
    ],
)
def test_the_specification_of_each_command_is_found(arguments: list[str], expected: str | None) -> None:
    assert bounded_runc.specification(arguments) == (Path(expected) if expected else None)
