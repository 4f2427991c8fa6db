"""A broker whose certificate is signed by a private authority."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.app import App
from support.net import accepts, free_port
from support.until import until


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.crt`, and `tls.crt` of 127.0.0.1 that it signed."""
    folder = tmp_path_factory.mktemp("authority")
    made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "1"]
    openssl("req", *made, "-subj", "/CN=authority", "-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.crt"))
    signed = ["-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"), "-addext", "subjectAltName=IP:127.0.0.1"]
    own = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    openssl("req", *made, "-subj", "/CN=broker", *signed, "-addext", "basicConstraints=critical,CA:FALSE", *own)
    return folder


@pytest.fixture(scope="module")
def url(authority: Path) -> Iterator[str]:
    """A Redis that is reached over TLS alone."""
    port = free_port()
    files = {"--tls-cert-file": "tls.crt", "--tls-key-file": "tls.key", "--tls-ca-cert-file": "ca.crt"}
    given = [word for option, name in files.items() for word in (option, str(authority / name))]
    command = ["redis-server", "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--save", "", *given]
    server = subprocess.Popen([*command, "--bind", "127.0.0.1", "--dir", str(authority)], stdout=subprocess.DEVNULL)
    until("redis-server", lambda: accepts(port))
    yield f"rediss://127.0.0.1:{port}"
    server.kill()
    server.wait()


@pytest.mark.parametrize("environment", ["newest", "oldest"])
def test_its_certificate_is_given(environment: str, authority: Path, url: str) -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": url}
    app = App(
        "chat_threaded.py", environment, env={**env, "SOCKETIO_RUNTIME_BROKER_CA_FILE": str(authority / "ca.crt")}
    )
    app.ready()
    assert app.status()["servers"][0]["adapter"]["subscribed"]
    # the control
    alone = App("chat_threaded.py", environment, env=env).listening()
    until("the refusal", lambda: "certificate verify failed" in alone.log or alone.log)
    assert alone.reason() == "BrokerUnreachable"
