"""The tests that connectors with maps are emitted with pass: a stand-in answers the requests that a map declares."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NIGHTLY, ROOT, by_day
from tests.support.connector import PYTEST, PYTEST_OPTIONS, SLOW
from tests.support.mapped import MAPS
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

# A page from 0 and details, GraphQL and runs, one flat list, a cursor with a flag; the rest is for the night.
BY_DAY = ("dashboard", "pipeline", "database", "drive")

# What can't be a package.
CONTRIBUTED = ("api",)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT)


def written(renderer: Renderer, home: Path, service_type: str) -> Path:
    """The folder of a package or a contribution with the map for a service type."""
    placement = "contrib" if service_type in CONTRIBUTED else "package"
    answers: dict[str, Any] = {"service_type": service_type, "connection_type": "rest_api", "placement": placement}
    for name, text in renderer.files(EMPTY | answers | MAPS[service_type]).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    return home


def emitted_tests(package: Path, warm: Warm) -> subprocess.CompletedProcess[str]:
    return warm.run(PYTEST, *PYTEST_OPTIONS, *SLOW, str(package / "tests"), pythonpath=[package / "src"], cwd=package)


@pytest.mark.framework
@pytest.mark.parametrize("service_type", by_day([one for one in MAPS if one not in CONTRIBUTED], BY_DAY))
def test_emitted_tests_pass(service_type: str, renderer: Renderer, warm: Warm, tmp_path: Path) -> None:
    done = emitted_tests(written(renderer, tmp_path, service_type), warm)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


def test_package_whose_map_has_no_tasks_has_no_test_of_their_order(renderer: Renderer) -> None:
    answers = EMPTY | {"service_type": "pipeline", "connection_type": "rest_api", "placement": "package"}
    without = "resources: {pipelines: {request: GET /jobs}}"
    tests = [
        renderer.files(answers | {"name": "probe", "api": api})["tests/test_metadata.py"]
        for api in (without, without.replace("}}", "}, tasks: {records: steps}}"))
    ]
    assert ["def test_tasks_are_in_order" in text for text in tests] == [False, True]


@pytest.mark.framework
@pytest.mark.parametrize(
    ("old", "new"),
    [
        # A field of another name, a filter that is lost, the first page left out.
        ('"dashboard_title"', '"title"'),
        pytest.param('{"published": (True,), "extra.state": ("active", None)}', "{}", marks=NIGHTLY),
        pytest.param("listing.first\n", "listing.first + 1\n", marks=NIGHTLY),
    ],
)
def test_emitted_tests_see_a_fault_of_the_client(
    old: str, new: str, renderer: Renderer, warm: Warm, tmp_path: Path
) -> None:
    package = written(renderer, tmp_path, "dashboard")
    (client,) = package.rglob("src/*/client.py")
    text = client.read_text(encoding="utf-8")
    assert old in text
    client.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert emitted_tests(package, warm).returncode == 1


@pytest.mark.parametrize("service_type", MAPS)
def test_what_is_emitted_is_formatted(service_type: str, renderer: Renderer, tmp_path: Path) -> None:
    home = written(renderer, tmp_path, service_type)
    ruff = [str(shutil.which("ruff"))]
    isolated = ["--isolated", "--line-length", "120"]
    for command in ([*ruff, "format", "--diff", *isolated], [*ruff, "check", "--select", "F,B", *isolated]):
        done = subprocess.run([*command, str(home)], capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
