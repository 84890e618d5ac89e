"""On a machine with nothing but uv and Git: from a URL to an updated connector, and what is said of what is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, need
from tests.support.git import commit, git

OURS = "# Ours: the test databases are nobody's business.\n"


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment without a home, a virtual environment or any setting; uv's cache alone is kept, for time."""
    uv = shutil.which("uv")
    need(None if uv else "uv is missing: it comes with `make`")
    cache = subprocess.run([str(uv), "cache", "dir"], check=True, capture_output=True, text=True).stdout.strip()
    home = tmp_path / "home"
    home.mkdir()
    path = os.pathsep.join(str(Path(str(shutil.which(name))).parent) for name in ("uv", "git"))
    kept = {name: value for name, value in os.environ.items() if name.endswith(("_PROXY", "_proxy", "_INDEX_URL"))}
    kept |= {name: os.environ[name] for name in ("SSL_CERT_FILE", "UV_DEFAULT_INDEX", "UV_INDEX") if name in os.environ}
    return kept | {"HOME": str(home), "PATH": f"{path}:/usr/bin:/bin", "UV_CACHE_DIR": cache}


def test_installed_from_a_git_url_it_makes_and_updates_a_connector(
    template: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    # The template as it is on disk, committed once after a release: that is where people are between two of them.
    repository, work = tmp_path / "template.git", tmp_path / "work"
    shutil.copytree(template, work)
    git(work, "init", "--quiet")
    commit(work, "as it is")
    git(work, "tag", "0.0.1")
    (work / "NOTE.md").write_text("After the release.\n")
    commit(work, "a note")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(repository))
    url = f"file://{repository}"

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=machine, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("uv", "venv", "--quiet", "environment")
    run("uv", "pip", "install", "--quiet", "--python", "environment", f"git+{url}")
    installed = next((tmp_path / "environment").glob("lib/*/site-packages"))
    assert not [name for name in ("extensions", "tasks", "partials", "tests") if (installed / name).exists()]
    command = str(tmp_path / "environment/bin/scaffold-connector")

    made = json.loads(run(command, "--name", "my_db", "--service-type", "database", "--format", "json"))
    assert made["template"] == {"url": url, "version": git(work, "describe", "--tags").strip(), "before": None}
    connector = tmp_path / "my-db-connector"
    git(connector, "init", "--quiet")
    commit(connector, "as made")

    queries = connector / "src/openmetadata_my_db/queries.py"
    queries.write_text(OURS + queries.read_text())
    commit(connector, "ours")

    source = work / "partials/connection/sqlalchemy.py.jinja"
    source.write_text(source.read_text().replace("Owns the engine:", "Owns the one engine:"))
    commit(work, "new")
    git(work, "push", "--quiet", str(repository), "HEAD")

    updated = json.loads(run(command, "--update", "--name", "my_db", "--format", "json"))
    assert updated["template"]["before"] == made["template"]["version"]
    diff = git(connector, "diff", "--unified=0")
    print(diff)
    assert updated["files"]["written"] == [".copier-answers.yml", "src/openmetadata_my_db/connection.py"]
    assert [line for line in diff.splitlines() if line.startswith("+") and "Owns the one engine:" in line]
    assert queries.read_text().startswith(OURS)


TOO_OLD = "This template requires Copier version >= 9.19.0, while your version of Copier is {}."
NO_SCHEMAS = "jsonschema is missing beside Copier: install it there, and scaffold again"


@pytest.mark.parametrize(
    ("installed", "of_copier", "of_the_command"),
    [
        (["copier==9.14.0", "jsonschema"], TOO_OLD.format("9.14.0"), TOO_OLD.format("9.14.0")),
        # Before Copier had all that the command uses.
        (
            ["copier==9.4.1", "jsonschema"],
            TOO_OLD.format("9.4.1"),
            "cannot import .*: something beside this command is missing or too old; install the command again",
        ),
        (["copier~=9.19"], NO_SCHEMAS, NO_SCHEMAS),
    ],
    ids=["old Copier", "older Copier", "no jsonschema"],
)
def test_what_is_not_beside_the_template_is_a_line(
    installed: list[str], of_copier: str, of_the_command: str, template: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    def run(*command: str) -> subprocess.CompletedProcess[str]:
        environment = machine | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    programs = tmp_path / "environment/bin"
    assert run("uv", "venv", "--quiet", "environment").returncode == 0
    wanted = ["copier-template-extensions~=0.3", *installed]
    assert run("uv", "pip", "install", "--quiet", "--python", str(programs / "python"), *wanted).returncode == 0
    data = ["--data", "name=my_db", "--data", "service_type=database"]
    plain = run(str(programs / "copier"), "copy", "--quiet", "--trust", "--defaults", *data, str(template), "out")
    # After what a task has said, Copier says which task it was.
    said = [line for line in plain.stderr.splitlines() if not line.startswith("Task ")]
    assert (plain.returncode, said) == (1, [of_copier])
    flags = ["--name", "my_db", "--service-type", "database", "--dest", "out", "--template", str(template)]
    command = run(str(programs / "python"), "-m", "scaffold_connector", *flags)
    assert (command.returncode, command.stdout) == (1, "")
    assert re.fullmatch(f"{of_the_command}\n", command.stderr)
    assert not (tmp_path / "out").exists()
