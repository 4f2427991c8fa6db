"""Runs the tests: `python3 runtime/python/tests/run.py [arguments of pytest]`.

First it builds what they need, each from its lock file and only when that changed: the folder that an init container
copies into a pod, and one virtual environment for each set of versions. `OLDEST_PYTHON` names the interpreter for the
old ones, for instance python3.8. The tests run in the newest environment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
BUILD = ROOT / "build"
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]


def stamped(folder: Path, inputs: list[str], build: Callable[[], None]) -> None:
    """Builds a folder unless it was built from the same inputs; a killed build leaves no stamp."""
    wanted = hashlib.sha256("\n".join(inputs).encode()).hexdigest()
    stamp = folder / ".stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    build()
    stamp.write_text(wanted)


def version(interpreter: str) -> tuple[int, ...]:
    text = subprocess.check_output([interpreter, "-c", "import sys; print(*sys.version_info[:2])"], text=True)
    return tuple(int(number) for number in text.split())


def environment(name: str, interpreter: str, lock_name: str = "") -> None:
    lock = TESTS / "environments" / f"{lock_name or name}.lock"
    folder = BUILD / name

    def build() -> None:
        subprocess.run([interpreter, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "python", *PIP, "-r", lock], check=True)

    stamped(folder, [lock.read_text(), interpreter], build)


def mount() -> None:
    """The folder as it is in a pod: our files are linked, so that a change of them is tested at once."""
    lock = ROOT / "requirements.lock"
    files = sorted([*ROOT.glob("socketio_runtime/**/*.py"), *ROOT.glob("*customize.py"), *ROOT.glob("*.dist-info/*")])
    folder = BUILD / "mount"

    def build() -> None:
        package = folder / "socketio_runtime"
        for file in files:
            (folder / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.relative_to(ROOT)).symlink_to(file)
        target = ["--no-deps", "--target", str(package / "vendor")]
        subprocess.run([sys.executable, *PIP, *target, "-r", lock], check=True)

    stamped(folder, [lock.read_text(), *(str(file) for file in files)], build)


def main() -> None:
    old = os.environ.get("OLDEST_PYTHON", sys.executable)
    mount()
    environment("newest", sys.executable)
    environment("oldest", old, "oldest-3.11" if version(old) >= (3, 11) else "oldest")
    environment("ancient", old)
    python = str(BUILD / "newest" / "bin" / "python")
    named = any(Path(argument.partition("::")[0]).exists() for argument in sys.argv[1:])
    arguments = [*sys.argv[1:], *([] if named else [str(TESTS)])]
    os.execv(python, [python, "-m", "pytest", "-c", str(TESTS / "pytest.ini"), *arguments])


if __name__ == "__main__":
    main()
