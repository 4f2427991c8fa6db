"""The parts of the cluster that need no cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from tests.cluster import binaries, building, kind, kind_image, lifecycle
from tests.cluster.certificates import Authority
from tests.cluster.errors import ClusterError
from tests.cluster.layout import CHECKOUT
from tests.cluster.plugin import WaitFor
from tests.cluster.processes import command_line, ended, recorded, spawn
from tests.cluster.waiting import wait_for as wait_until


def test_a_time_out_says_what_was_waited_for_and_last_seen() -> None:
    with pytest.raises(TimeoutError, match=r"still waiting for three pods; last seen: \[\]"):
        wait_until(list, 0.01, "three pods")


def test_a_tolerated_error_counts_as_not_yet_and_another_ends_the_wait() -> None:
    def refuse() -> bool:
        raise ConnectionRefusedError("no one there")

    with pytest.raises(TimeoutError, match="no one there"):
        wait_until(refuse, 0.01, "an answer", tolerate=(OSError,))
    with pytest.raises(ConnectionRefusedError):
        wait_until(refuse, 5, "an answer", tolerate=(ValueError,))


def test_what_a_test_waits_for_may_not_be_there_yet(wait_for: WaitFor) -> None:
    children = [{}, {"Deployment/chat": "new"}]
    assert wait_for(lambda: children.pop(0)["Deployment/chat"] == "new", 5, "a new Deployment")


def test_a_process_outlives_its_starter_and_is_known_by_its_record(tmp_path: Path) -> None:
    pid_file, log = tmp_path / "pid", tmp_path / "log"
    spawn(["sh", "-c", "echo started; exec sleep 60"], pid_file=pid_file, log=log)
    pid = wait_until(lambda: recorded(pid_file, "60"), 5, "the shell to have become what it starts")
    assert log.read_text() == "started\n"
    assert os.getsid(pid) != os.getsid(0)
    os.kill(pid, 9)
    wait_until(lambda: ended(pid), 5, "the process to end")
    assert recorded(pid_file, "60") is None


def test_a_pid_that_another_program_has_by_now_is_not_taken_for_ours(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(str(os.getpid()))
    assert recorded(pid_file, "/srv/elsewhere/init") is None
    assert recorded(pid_file, command_line(os.getpid())[0]) == os.getpid()


def test_certificates_are_accepted_by_openssl(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.server("server", ("example", "10.0.0.1"))
    client = authority.client("client", "someone", "system:masters")
    for pair, purpose in ((server, "sslserver"), (client, "sslclient")):
        subprocess.run(
            ["openssl", "verify", "-purpose", purpose, "-CAfile", authority.pair.certificate, pair.certificate],
            check=True,
            capture_output=True,
        )
    names = x509.load_pem_x509_certificate(server.certificate.read_bytes()).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == ["example"]
    assert Authority(tmp_path).client("client", "someone").certificate.read_bytes() == client.certificate.read_bytes()


def test_an_unknown_kind_of_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER", "minikube")
    with pytest.raises(ClusterError, match="use kind or bare"):
        lifecycle.backend()


def test_kind_gets_its_workers_and_an_audit_log() -> None:
    configuration = yaml.safe_load(yaml.safe_dump(kind.configuration(2, kind_image.PINNED)))
    assert [node["role"] for node in configuration["nodes"]] == ["control-plane", "worker", "worker"]
    assert all("@sha256:" in node["image"] for node in configuration["nodes"])
    patch = yaml.safe_load(configuration["kubeadmConfigPatches"][0])
    arguments = {item["name"]: item["value"] for item in patch["apiServer"]["extraArgs"]}
    mounts = {item["containerPath"] for item in configuration["nodes"][0]["extraMounts"]}
    assert arguments["audit-policy-file"] in mounts
    assert str(Path(arguments["audit-log-path"]).parent) in mounts


def test_a_failed_build_shows_its_log_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "modules/broken"
    source.mkdir(parents=True)
    (source / "go.mod").write_text("module socketio-operator.dev/tests/broken\n\ngo 1.26.0\n")
    (source / "go.sum").write_text("")
    (source / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    monkeypatch.setattr(binaries, "FOLDER", tmp_path / "bin")
    monkeypatch.setattr(building, "FOLDER", tmp_path / "bin")
    module = binaries.Module("broken", 1, beside=tmp_path / "modules")
    with pytest.raises(ClusterError, match="undefined: undefined"):
        binaries.ensure((module,))

    (source / "main.go").write_text("package main\n\nfunc main() {}\n")
    folder = binaries.ensure((module,)).folders["broken"]
    assert subprocess.run([folder / "broken"], check=False).returncode == 0
    assert not list((tmp_path / "bin").glob("*.unfinished-*"))


def test_clusters_side_by_side_share_no_address_and_no_file() -> None:
    script = (
        "from tests.cluster import layout as l\n"
        "machines = [l.CONTROL_PLANE, *l.nodes(9)]\n"
        "print(l.STATE, l.NAME, l.KUBECONFIG, l.LOGS, l.POD_RANGE, l.SERVICE_RANGE, l.API_SERVICE, l.DNS_SERVICE,"
        " *(v for m in machines for v in (m.home, m.address, m.gateway, m.link, m.pods)))"
    )

    def of_cluster(number: int) -> set[str]:
        environment = os.environ | {"CLUSTER_NUMBER": str(number)}
        return set(subprocess.check_output([sys.executable, "-c", script], env=environment, text=True).split())

    everything = [of_cluster(number) for number in (0, 1, 15)]
    assert len(everything[0]) == 58
    assert sum(map(len, everything)) == len(set.union(*everything))


def test_its_commands_need_nothing_of_the_operator() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "tests.cluster", "--help"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "check-clean" in done.stdout
