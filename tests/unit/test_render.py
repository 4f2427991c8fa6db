"""`socketio-operator render` and `crd`, as a user calls them."""

import subprocess
import sys

import pytest
import yaml

from socketio_operator.api import crd_manifest
from tests.unit.samples import FULL, LEAST, body
from tests.unit.wrong_values import WRONG_VALUES


def render(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The command with a resource on its standard input."""
    command = [sys.executable, "-m", "socketio_operator", "render", "-f", "-", *options]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_children_are_printed_as_yaml() -> None:
    done = render(yaml.safe_dump_all([body(LEAST), body(FULL, "full")]), "--redis-image=registry.example/redis:7")
    assert (done.returncode, done.stderr) == (0, "")
    manifests = list(yaml.safe_load_all(done.stdout))
    assert [manifest["kind"] for manifest in manifests].count("Deployment") == 2
    assert "registry.example/redis:7" in done.stdout
    assert "&id" not in done.stdout


@pytest.mark.parametrize("case", ["host with a scheme", "negative replicas", "typing error"])
def test_a_wrong_value_is_one_sentence(case: str) -> None:
    spec, sentence = WRONG_VALUES[case]
    done = render(yaml.safe_dump(body(spec)))
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no SocketIOCluster in it"),
        ("- a\n- b", "no SocketIOCluster in it"),
        ("a: [", "while parsing"),
        (yaml.safe_dump(body(LEAST) | {"apiVersion": "v9"}), "write socketio-operator.dev/v1alpha1"),
        (yaml.safe_dump(body(LEAST) | {"metadata": {}}), "metadata.name: Required value"),
        (
            yaml.safe_dump(
                {
                    "apiVersion": "socketio-operator.dev/v1alpha1",
                    "kind": "SocketIOCluster",
                    "metadata": {"name": "chat"},
                }
            ),
            "spec: Required value",
        ),
    ],
)
def test_files_without_a_resource(text: str, sentence: str) -> None:
    done = render(text)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there() -> None:
    command = [sys.executable, "-m", "socketio_operator", "render", "-f", "missing.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "missing.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m socketio_operator crd | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_crd_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "socketio_operator", "crd"], capture_output=True, text=True, check=True
    )
    assert yaml.safe_load(done.stdout) == crd_manifest()
