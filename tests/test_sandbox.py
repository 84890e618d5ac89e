"""Making a connector needs no network and writes nowhere but into its destination, tasks and all.

`copier copy` is run by bubblewrap without a network, on a system that is read-only but for the destination. A hook
in each Python ends it at the first socket, which no lack of a network would have to.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import need
from tests.support import systems
from tests.support.checkout import SPECIFICATION, write_registry
from tests.support.contrib import write_schemas

pytestmark = pytest.mark.sandbox

# Python runs it before anything else. A task that tries is not asked whether it would go on without.
HOOK = """
import os, sys

def watch(event, arguments):
    if event.startswith("socket.") or event == "os.system":
        os.write(2, f"{event} in {sys.argv}\\n".encode())
        os._exit(97)

sys.addaudithook(watch)
"""

HOSTILE = ("display_name=$(touch /tmp/x); `id` {{ 7 * 6 }}", "docs_notes=../../x\n{% raw %}", "description=\"; id #'")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sandboxed(tmp_path: Path) -> Run:
    """Run Python with arguments, where only a folder can be written to: `sandboxed(folder, "-m", "copier", …)`."""
    need(systems.install("sandbox"))
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        walls = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "--die-with-parent"]
        command = ["bwrap", *walls, "--bind", str(folder), str(folder), "--chdir", str(folder)]
        command += ["--setenv", "PYTHONPATH", str(hook), sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    return run


def copy(sandboxed: Run, template: Path, out: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    given = [part for answer in ("name=my_db", "service_type=database", *HOSTILE, *answers) for part in ("-d", answer)]
    done = sandboxed(out, "-m", "copier", "copy", "--trust", "--defaults", *given, str(template), str(out))
    assert done.returncode == 0, done.stderr
    return done


def test_package_is_made_in_a_sandbox(sandboxed: Run, template: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    copy(sandboxed, template, out)
    assert (out / "pyproject.toml").is_file()


def test_contribution_is_made_and_registered_in_a_sandbox(sandboxed: Run, template: Path, tmp_path: Path) -> None:
    out = write_registry(tmp_path / "checkout")
    write_schemas(out / SPECIFICATION)
    done = copy(sandboxed, template, out)
    assert "ingestion/setup.py: added" in done.stdout
    assert '"mydb": {' in (out / "ingestion/setup.py").read_text()


def test_patch_is_written_in_a_sandbox(sandboxed: Run, template: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    copy(sandboxed, template, out, "placement=contrib")
    assert "$(touch /tmp/x); `id` {{ 7 * 6 }}" in (out / "register-my_db.patch").read_text()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import socket; socket.socket()", "socket.__new__"),
        ("import os; os.system('true')", "os.system"),
        ("open('../outside', 'w')", "Read-only file system"),
        ("open('/tmp/outside', 'w')", "Read-only file system"),
    ],
)
def test_sandbox_holds(code: str, said: str, sandboxed: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    done = sandboxed(tmp_path / "out", "-c", code)
    assert done.returncode != 0
    assert said in done.stderr
