"""Mapped connectors with each way of paging, contributions with maps, and clients that ask or read otherwise."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.conftest import NIGHTLY, Scaffold
from tests.support.connector import PYTEST, PYTEST_OPTIONS, assert_passed, contribute
from tests.support.contrib import write_checkout
from tests.support.mapped import MAPS, PAGINGS, dashboards
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

pytestmark = pytest.mark.framework


@cache
def renderer(template: Path) -> Renderer:
    return Renderer(template)


def write(template: Path, root: Path, service_type: str, answers: dict[str, Any]) -> None:
    """Write a package."""
    made = EMPTY | {"service_type": service_type, "connection_type": "rest_api"} | answers
    for place, text in renderer(template).files(made).items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text, encoding="utf-8")


def run(warm: Warm, root: Path, *more: str) -> CompletedProcess[str]:
    """Run the tests of a package that read its source."""
    files = [str(root / f"tests/test_{name}.py") for name in ("connection", "metadata")]
    # What has to arrive: the other tests of the contract run the same ingestion again.
    files.append(str(root / "tests/test_contract.py::test_what_arrives_is_valid"))
    return warm.run(PYTEST, *PYTEST_OPTIONS, *more, *files, pythonpath=[root / "src", root / "tests"], cwd=root)


@NIGHTLY
@pytest.mark.parametrize("way", PAGINGS)
def test_tests_pass_with_each_way_of_paging(way: str, template: Path, warm: Warm, tmp_path: Path) -> None:
    write(template, tmp_path, "dashboard", dashboards(way))
    assert_passed(run(warm, tmp_path))


@NIGHTLY
def test_tests_of_contributions_pass(scaffold: Scaffold, framework: Path, tmp_path: Path) -> None:
    root = write_checkout(tmp_path / "out")
    added = []
    for service_type, answers in MAPS.items():
        name = f"my_{service_type}"
        kind = {"name": name, "service_type": service_type, "placement": "contrib", "connection_type": "rest_api"}
        scaffold(root, **kind, **answers)
        added.append((service_type, name))
    for connector in contribute(root, added, framework, tmp_path):
        assert_passed(connector.run_tests())


# A change of a client, as text of client.py, by the service type of its map.
MUTANTS = {
    "field": ("dashboard", '"dashboard_title"', '"title"'),
    "path of a field": ("database", '"type.name"', '"type.title"'),
    "words": ("dashboard", '"dist_bar": "Bar"', '"dist_bar": "Pie"'),
    "where": ("dashboard", '"published": (True,)', '"published": (True, False)'),
    "detail": ("mlmodel", '"latest.run_id"', '"id"'),
    "record of a detail": ("dashboard", '"result", ""', '"@", ""'),
    "number of the first page": ("dashboard", "first=0", "first=1"),
    "next page": ("mlmodel", 'next="next_page_token"', 'next="next"'),
    "variable": ("pipeline", '"cursor": cursor', '"after": cursor'),
    "body": ("pipeline", '"pipeline": {"name"', '"pipeline": {"id"'),
    "unit of a time": ("pipeline", '"seconds")', '"nanoseconds")'),
    "key of a join": ("messaging", '["topic.uid"]', '["topic.id"]'),
    "key of parents": ("database", "spec.path[1]", "spec.path[0]"),
    "header of all": ("database", '"X-Tenant": "shop"', '"X-Tenant": "another"'),
    "query of all": ("mlmodel", '"version": "2"', '"version": "3"'),
    "key field": ("storage", 'key_field="name"', 'key_field="another"'),
}
BY_DAY = ("field", "where", "next page", "key of a join")


@pytest.mark.parametrize("change", [pytest.param(one, marks=[] if one in BY_DAY else [NIGHTLY]) for one in MUTANTS])
def test_client_that_reads_otherwise_fails_its_tests(change: str, template: Path, warm: Warm, tmp_path: Path) -> None:
    service_type, before, after = MUTANTS[change]
    write(template, tmp_path, service_type, MAPS[service_type])
    (client,) = tmp_path.glob("src/*/client.py")
    text = client.read_text(encoding="utf-8")
    assert before in text
    client.write_text(text.replace(before, after), encoding="utf-8")
    done = run(warm, tmp_path, "-x")
    assert done.returncode == 1, done.stdout[-3000:]
    assert re.search(r"\d+ (failed|error)", done.stdout)
