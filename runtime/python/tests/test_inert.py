"""What the runtime does to programs that are no Socket.IO servers, and when parts of it are missing."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.app import BUILD, MOUNT, App
from support.net import free_port

PYTHON = str(BUILD / "newest" / "bin" / "python")


def run(code: str, path: str = str(MOUNT), python: str = PYTHON, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "SOCKETIO_DRAIN_SECONDS": "1", **env}
    return subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True, timeout=30)


def test_other_programs_get_the_import_hook_and_nothing_else() -> None:
    code = (
        "import sys, signal, threading; ours = sorted(m for m in sys.modules if m.startswith('socketio'));"
        "print(ours, threading.active_count(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    )
    done = run(code, SOCKETIO_RUNTIME_PORT=str(free_port()))
    loaded = ["socketio_runtime", "socketio_runtime.find", "socketio_runtime.find.import_hook"]
    assert (done.stdout.strip(), done.stderr) == (f"{loaded} 1 True", "")


def test_a_program_with_a_socketio_client_only_is_left_alone() -> None:
    code = (
        "import signal, sys, threading, socketio; client = socketio.Client();"
        "print(threading.active_count(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    )
    done = run(code, SOCKETIO_RUNTIME_PORT=str(free_port()))
    assert (done.stdout.strip(), done.stderr) == ("1 True", "")


def test_the_images_own_sitecustomize_runs_too(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.image = __name__, __file__")
    done = run("import sitecustomize; print(*image, sitecustomize.__file__)", path=f"{MOUNT}:{tmp_path}")
    file = str(tmp_path / "sitecustomize.py")
    assert (done.stdout.split(), done.stderr) == (["sitecustomize", file, file], "")


HOOKED = (
    "import sys; finders = [type(finder).__module__ for finder in sys.meta_path];"
    "print(finders.count('socketio_runtime.find.import_hook'))"
)


def test_behind_the_sitecustomize_of_another_tool_it_is_loaded_by_usercustomize(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "usercustomize.py").write_text("print(__name__)")
    paths = f"{tmp_path}:{MOUNT}:{tmp_path / 'later'}"
    # a virtual environment has no usercustomize
    done = run(HOOKED, path=paths, python=sys._base_executable)
    assert (done.stdout.split(), done.stderr) == (["usercustomize", "1"], "")
    alone = run(HOOKED, python=sys._base_executable)
    assert (alone.stdout.split(), alone.stderr) == (["1"], ""), "the two files install one hook"
    (tmp_path / "usercustomize.py").write_text("")
    assert run(HOOKED, path=paths, python=sys._base_executable).stdout.split() == ["0"], "the control"


OPENTELEMETRY = BUILD / "newest" / "bin" / "opentelemetry-instrument"


@pytest.mark.parametrize("path", ["{otel}:{mount}", "{mount}:{otel}"])
def test_opentelemetry_loads_it_too_in_either_order(path: str) -> None:
    otel = run("import opentelemetry.instrumentation.auto_instrumentation as a; print(a.__path__[0])", path="").stdout
    done = run(HOOKED, path=path.format(otel=otel.strip(), mount=MOUNT))
    assert (done.stdout.split(), done.stderr) == (["1"], "")


def test_an_app_that_opentelemetry_starts_has_the_adapter() -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": "redis://127.0.0.1:1"}
    app = App("chat_asgi.py", env=env, command=f"{OPENTELEMETRY} {PYTHON} chat_asgi.py").listening()
    assert app.status()["servers"][0]["adapter"]["owner"] == "runtime"


def test_the_server_keeps_no_process_alive() -> None:
    code = "import socketio; socketio.Server(async_mode='threading'); print('end')"
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": "redis://127.0.0.1:1"}
    start = time.monotonic()
    assert run(code, SOCKETIO_RUNTIME_PORT=str(free_port()), **env).returncode == 0
    assert time.monotonic() - start < 10


def test_without_their_variables_an_engine_is_not_touched() -> None:
    code = (
        "import socketio; engine = socketio.Server(async_mode='threading').eio;"
        "print({'handle_request', '_handle_connect', 'generate_id'} & set(vars(engine)))"
    )
    assert run(code).stdout.strip() == "set()"


@pytest.mark.parametrize("missing", [".", "hooks/socketio.py", "vendor"])
def test_a_runtime_with_missing_parts_leaves_the_app_alone(missing: str, tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    shutil.copytree(MOUNT, mount, ignore=shutil.ignore_patterns("__pycache__"))
    part = mount / "socketio_runtime" / missing
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink()
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": "redis://127.0.0.1:1"}
    app = App("chat_asgi.py", env=env, mount=mount).listening()
    assert app.client().call("manager", timeout=8)[0] == "AsyncManager"
    assert app.log.count("[socketio-runtime] ") >= 1
    if missing.endswith("vendor"):
        assert "redis failed to start, the app goes on without it: No module named 'redis'" in app.log


def old_python() -> str | None:
    """An interpreter that is too old; a name on the path may be a stub that runs nothing."""
    found = [path for name in ("python2", "python3.6", "python3.7") if (path := shutil.which(name))]
    return next((path for path in found if run("print(1)", path="", python=path).returncode == 0), None)


def test_an_old_python_gets_one_line() -> None:
    python = old_python()
    if python is None:
        pytest.skip("no Python older than 3.8 here")
    done = run("print('works')", python=python)
    assert done.stdout == "works\n"
    assert "is older than 3.8: the app is left alone" in done.stderr
    assert done.stderr.count("\n") == 1


def cpu_seconds(path: str) -> float:
    child = subprocess.Popen([PYTHON, "-c", "pass"], env={"PATH": os.environ["PATH"], "PYTHONPATH": path})
    usage = os.wait4(child.pid, 0)[2]
    return usage.ru_utime + usage.ru_stime


def test_the_start_of_a_program_costs_little_more() -> None:
    cpu_seconds(str(MOUNT))  # writes the bytecode
    ours, bare = (
        min(times) * 1000
        for times in zip(*[(cpu_seconds(str(MOUNT)), cpu_seconds("")) for _ in range(30)], strict=True)
    )
    print(
        f"CPU time of the start of Python {sys.version.split()[0]}: {ours:.1f} ms with the hook, {bare:.1f} ms without"
    )
    assert ours - bare < 15
