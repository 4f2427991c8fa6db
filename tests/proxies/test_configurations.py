"""Every program takes what is rendered for it: it starts, is healthy before any pod is there, and says nothing bad."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.proxy import HEALTH_PATH, HTTP_PORT, OWN_PORT
from socketio_operator.desired.proxy.programs import PROGRAMS
from socketio_operator.desired.routers import traefik
from tests.cluster.certificates import Authority
from tests.proxies.container import Container
from tests.unit.samples import LEAST, body

TRUSTED = ["10.0.0.0/8", "2001:db8::/32"]
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "tls": {"routing": {"tls": {"secretName": "chat-tls"}}},
    "forwardedFor": {"routing": {"clientAddress": "forwardedFor", "trustedProxies": TRUSTED}},
    "proxyProtocol": {"routing": {"clientAddress": "proxyProtocol", "trustedProxies": TRUSTED}},
    "path": {"engine": {"path": "/chat/socket.io"}, "routing": {"path": "/chat"}},
    "paths": {
        "engine": {"path": "/chat/socket.io"},
        "routing": {"host": "*.example.com", "path": "/chat", "paths": ["/api", "/up/load/"]},
    },
    "noRuntime": {"runtime": {"inject": "none"}},
    "all": {
        "engine": {"path": "/chat/socket.io"},
        "routing": {
            "tls": {"secretName": "chat-tls"},
            "clientAddress": "forwardedFor",
            "trustedProxies": TRUSTED,
            "path": "/chat/",
            "timeouts": {"readSeconds": 120, "sendSeconds": 180},
        },
    },
}
# HAProxy alone takes clients to each pod.
OF_ONE = {"direct": "haproxy"}
CASES["direct"] = {**CASES["path"], "routing": {"path": "/chat", "direct": {}, "tls": {"secretName": "chat-tls"}}}
AFFINITIES = ("clientIP", "cookie", "none")
MAIN_FILES = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf", "httpd": "httpd.conf", "traefik": "traefik.yaml"}
# What a proxy says that has no name server and no pod.
EXPECTED = re.compile(
    r"\[NOTICE\]|:notice\]|while resolving, resolver|no live upstreams|No workers in|broken header: \"GET"
)
ANSWER = re.compile(r"^(http.*?): (.*)$", re.MULTILINE)
# Starts the proxy as its pod does, and asks it as the kubelet and a client do.
STARTED = f"""
"$@" 2>&1 &
tries=0
until busybox wget -q -O /dev/null http://127.0.0.1:{OWN_PORT}{HEALTH_PATH} 2> /dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || exit 3
  if ! kill -0 $! 2> /dev/null; then
    wait $!
    exit $?
  fi
  sleep 0.1
done
for url in $URLS; do
  answer=$(busybox wget -q -O /dev/null ${{HOST:+--header "Host: $HOST"}} "$url" 2>&1) && answer=200
  echo "$url: $answer"
done
"""


def made(program: str, affinity: str, case: dict[str, Any]) -> SocketIOCluster:
    """The cluster of one case; that it is valid is checked."""
    routing = {"router": "proxy", "affinity": affinity, "proxy": {"type": program}, **case.get("routing", {})}
    spec = {**LEAST, **case, "routing": {**LEAST["routing"], **routing}}
    assert validate(body(spec)) == []
    return SocketIOCluster.parse(body(spec))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a Secret of type kubernetes.io/tls."""
    pair = Authority(tmp_path_factory.mktemp("authority")).server("server", ["chat.example.com"])
    return {"tls.crt": pair.certificate.read_bytes(), "tls.key": pair.key.read_bytes()}


PAGE = "/chat/socket.io/"


def started(
    folder: Path,
    of: SocketIOCluster,
    files: dict[str, str],
    tls: dict[str, bytes],
    pages: tuple[str, ...] = (PAGE,),
    host: str = "",
) -> tuple[int, str]:
    """The exit code and all lines of a proxy that is started and asked for a host's pages in a container of its own."""
    program = PROGRAMS[of.spec.routing.proxy.type if of.spec.routing.proxy else ""]
    container = Container(program.name, folder, program.user)
    container.fill(files, tls if of.spec.routing.tls else {})
    urls = " ".join(
        [f"http://127.0.0.1:{OWN_PORT}/metrics", *(f"http://127.0.0.1:{HTTP_PORT}{page}" for page in pages)]
    )
    done = container.run("env", f"URLS={urls}", f"HOST={host}", "/bin/sh", "-c", STARTED, "started", *program.command)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("affinity", AFFINITIES)
@pytest.mark.parametrize(
    ("program", "case"), [(one, case) for case in CASES for one in PROGRAMS if OF_ONE.get(case, one) == one]
)
def test_it_starts_without_a_complaint(
    program: str, case: str, affinity: str, tmp_path: Path, certificate: dict[str, bytes]
) -> None:
    of = made(program, affinity, CASES[case])
    code, said = started(tmp_path, of, PROGRAMS[program].configuration(of), certificate)
    answers = dict(ANSWER.findall(said))
    rest = [line for line in said.splitlines() if not EXPECTED.search(line) and not line.startswith("http")]
    assert (code, rest) == (0, []), said
    metrics, page = answers.values()
    # nginx as a Python package was built without the module that counts.
    assert metrics == "200" or program == "nginx", metrics
    # No pod is there; and those who come without the PROXY protocol get no answer at all.
    assert re.search(r" 50[23] ", page) or case == "proxyProtocol", page


@pytest.mark.parametrize("program", PROGRAMS)
def test_of_several_paths_each_leads_to_the_pods_and_nothing_else_does(program: str, tmp_path: Path) -> None:
    of = made(program, "none", CASES["paths"])
    pods = ("/chat", "/chat/socket.io/", "/api/", "/api", "/api/a/b", "/up/load", "/up/load/a")
    nobody = ("/", "/chats", "/api2", "/up", "/up/loads", "/other")
    _, said = started(tmp_path, of, PROGRAMS[program].configuration(of), {}, (*pods, *nobody))
    answers = {url.split(f":{HTTP_PORT}")[1]: answer for url, answer in ANSWER.findall(said) if f":{HTTP_PORT}" in url}
    assert set(answers) == {*pods, *nobody}
    # No pod is there.
    assert {page for page, answer in answers.items() if re.search(r" 50[23] ", answer)} == set(pods)
    assert {page for page, answer in answers.items() if " 404 " in answer} == set(nobody)


NAMES = {
    "chat.example.com": True,
    "a.chat.example.com": True,
    "a.b.chat.example.com": False,
    "achatxexample.com": False,
}


@pytest.mark.parametrize("name", NAMES)
def test_traefik_reads_the_rule_of_an_ingress_route_as_it_is_meant(name: str, tmp_path: Path) -> None:
    hosts = {"host": "*.chat.example.com", "hosts": [{"name": "chat.example.com"}]}
    of = made("traefik", "none", {**CASES["paths"], "routing": {**CASES["paths"]["routing"], **hosts}})
    asked = body({**LEAST, "routing": {**CASES["paths"]["routing"], **hosts, "router": "traefik"}})
    (route,) = traefik.build(SocketIOCluster.parse(asked), Inputs())
    (rule,) = route["spec"]["routes"]
    files = PROGRAMS["traefik"].configuration(of)
    files["routes.yaml"], count = re.subn(
        'rule: ".*PathPrefix.*"', lambda _: f"rule: {rule['match']}", files["routes.yaml"]
    )
    assert count == 2
    _, said = started(tmp_path, of, files, {}, ("/chat/socket.io/", "/other"), name)
    answers = [answer for url, answer in ANSWER.findall(said) if f":{HTTP_PORT}" in url]
    assert [bool(re.search(r" 50[23] ", answer)) for answer in answers] == [NAMES[name], False], said
    assert [" 404 " in answer for answer in answers] == [not NAMES[name], True], said


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_directive_that_it_does_not_know_keeps_it_from_starting(program: str, tmp_path: Path) -> None:
    of = made(program, "none", {})
    files = PROGRAMS[program].configuration(of)
    main = MAIN_FILES[program]
    broken = {**files, main: f"{files[main]}  nonsense: 1;\n"}
    code, said = started(tmp_path, of, broken, {})
    assert code not in (0, 3), said
    assert "nonsense" in said
