"""What the tests share: the template to render from, the framework, and what to do where one is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import copier
import pytest

from tests.support import counts, systems, typescript
from tests.support.connector import Connector, Deploy, install
from tests.support.contrib import write_checkout
from tests.support.forks import Forks
from tests.support.openmetadata import export_api_schemas
from tests.support.python import Warm
from tests.support.specification import specification

ROOT = Path(__file__).resolve().parent.parent

Scaffold = Callable[..., Path]

# Answers that are only asked for at night: docs/decisions/0026-what-runs-at-night.md.
NIGHTLY = pytest.mark.nightly


def by_day(all_of: Iterable[str], some: Collection[str]) -> list[Any]:
    """Parameters of a test, those that are not among `some` left to the night."""
    return [pytest.param(one, marks=[] if one in some else [NIGHTLY]) for one in all_of]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in counts.lines(terminalreporter):
        terminalreporter.write_line(line)


def need(missing: str | None) -> None:
    """Skip a test, by the name of what is missing; fail it in CI, where nothing may be."""
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"{missing} (a skip is a failure in CI)")
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template's tracked and new files without their history: Copier reads them in place, without a clone."""
    into = tmp_path_factory.mktemp("template")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, into / name
        if source.is_file() and not name.startswith("tests/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return into


@pytest.fixture(scope="session")
def scaffold(template: Path) -> Scaffold:
    """Scaffold into a folder: `scaffold(destination, name=…, …)`, as `copier copy --defaults --trust` does."""

    def run(destination: Path, *, skip_tasks: bool = False, **answers: Any) -> Path:
        copier.run_copy(
            str(template),
            destination,
            data={"name": "my_db"} | ({} if "kind" in answers else {"service_type": "database"}) | answers,
            defaults=True,
            unsafe=True,
            quiet=True,
            skip_tasks=skip_tasks,
        )
        return destination

    return run


@pytest.fixture
def scaffold_edited(template: Path, tmp_path: Path) -> Callable[[str, dict[str, str]], Path]:
    """Scaffold into `out` from a template with texts replaced in one file: `scaffold_edited(file, {old: new})`."""

    def run(file: str, changes: dict[str, str]) -> Path:
        edited = tmp_path / "template"
        shutil.copytree(template, edited)
        text = (edited / file).read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (edited / file).write_text(text)
        answers = {"name": "my_db", "service_type": "database"}
        out = tmp_path / "out"
        copier.run_copy(str(edited), out, data=answers, defaults=True, unsafe=True, quiet=True)
        return out

    return run


@pytest.fixture(scope="session")
def framework() -> Path:
    """The interpreter that has openmetadata-ingestion, given by OPENMETADATA_PYTHON."""
    python = Path(os.environ.get("OPENMETADATA_PYTHON", ""))
    need(None if python.is_file() else "openmetadata-ingestion is missing: run `make test`, or set OPENMETADATA_PYTHON")
    return python


@pytest.fixture(scope="session")
def warm(framework: Path) -> Iterator[Warm]:
    """An interpreter that has imported the framework, for scripts that want the release as it is installed."""
    with Warm(framework) as interpreter:
        yield interpreter


@pytest.fixture(scope="session")
def forked(framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What to run in place of the framework's interpreter where its import is not what is tested."""
    with Forks(framework, tmp_path_factory.mktemp("forks")) as forks:
        yield forks.python


@pytest.fixture(scope="session")
def cache() -> Path:
    """A folder that outlives a test run, for what is slow to make and the same each time."""
    return ROOT / ".cache"


@pytest.fixture(scope="session")
def real(cache: Path) -> Path:
    """OpenMetadata's own JSON Schemas."""
    return specification(cache)


@pytest.fixture(scope="session")
def node(cache: Path) -> Path:
    """The folder with the TypeScript compiler and quicktype."""
    need(systems.install("node"))
    return typescript.install(cache)


@pytest.fixture(scope="session")
def schemas(framework: Path, cache: Path) -> Path:
    """The file of the release's API schemas."""
    return export_api_schemas(framework, cache)


@pytest.fixture(scope="session")
def deploy(scaffold: Scaffold, framework: Path, warm: Warm) -> Deploy:
    """Scaffold a connector and make it ready to run: `deploy(answers, placement, scratch)`."""

    def run(
        answers: dict[str, Any], placement: str, scratch: Path, edit: Callable[[Path], None] | None = None
    ) -> Connector:
        root = scratch / "out"
        if placement == "contrib":
            write_checkout(root)
        scaffold(root, **answers | {"placement": placement})
        if edit:
            edit(root)
        service_type = answers.get("service_type", "database")
        return install(root, answers["name"], placement, framework, scratch / "installed", service_type, warm)

    return run
