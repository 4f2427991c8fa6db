"""What the operator logs, by its own command: it ends at once, as it finds no API server."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

# A text of others that would end a line and steer a terminal.
NAME = "no\n\x1b[31mfile"
RAISES = """
import logging
from socketio_operator.cli import log
log.configure("info", "json")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("part").exception("A part died", extra={"settings": object(), "k8s_ref": {}})
"""


def logged(*arguments: str) -> list[str]:
    """The lines on standard error."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr.splitlines()


def of_run(folder: Path, *options: str) -> list[str]:
    return logged("-m", "socketio_operator", "run", f"--kubeconfig={folder / NAME}", *options)


@pytest.mark.parametrize("options", [(), ("--log-format=text",)], ids=str)
def test_text_is_a_line_for_each_message(tmp_path: Path, options: tuple[str, ...]) -> None:
    warning, error = of_run(tmp_path, *options)
    assert r"no\n\x1b[31mfile" in warning
    assert "ERROR   socketio_operator.controller.main: No way to reach an API server" in error


def test_json_is_an_object_on_each_line(tmp_path: Path) -> None:
    warning, error = map(json.loads, of_run(tmp_path, "--log-format=json"))
    assert NAME in warning["message"]
    assert error.keys() == {"time", "level", "logger", "message"}
    assert (error["level"], error["logger"]) == ("ERROR", "socketio_operator.controller.main")
    assert datetime.now(UTC) - datetime.fromisoformat(error["time"]) < timedelta(minutes=1)


def test_json_holds_an_exception_and_nothing_of_kopf() -> None:
    (line,) = logged("-c", RAISES)
    found = json.loads(line)
    assert found.keys() == {"time", "level", "logger", "message", "exception"}
    assert found["exception"].endswith("ZeroDivisionError: division by zero")


def test_a_format_that_does_not_exist_is_refused() -> None:
    assert "invalid choice: 'xml'" in logged("-m", "socketio_operator", "run", "--log-format=xml")[-1]
