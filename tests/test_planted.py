"""Each gate of each kind of package is shown to work: by a fault, planted in the package, that it finds.

The connector's are planted in tests/test_certification.py, in a package that is certified there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT, Scaffold
from tests.support import events, kafka
from tests.support.certification import certify
from tests.support.contrib import join
from tests.support.forks import Forks
from tests.support.planted import FAULTS, assert_found, copy_with

CATALOG = Catalog(ROOT / "catalog")

# By kind, what the question of its variants is answered with, by day the first; a topology may be of any service.
ANSWERS: dict[str, list[dict[str, Any]]] = {
    kind: [{facts["question"]: [variant] if kind == "events" else variant} for variant in facts["variants"]]
    for kind, facts in CATALOG.kinds.items()
    if "question" in facts
} | {"topology": [{"service_type": "messaging"}]}

# Their gates of time and load take a minute each to fail.
SLOW = ("processor", "events")

CASES = [
    pytest.param(
        kind,
        answers,
        marks=[NIGHTLY] if number or kind in SLOW else [],
        id="-".join([kind, *map(str, answers.values())]),
    )
    for kind, several in ANSWERS.items()
    for number, answers in enumerate(several)
]


def test_each_gate_of_each_kind_has_a_fault() -> None:
    assert {kind: sorted(faults) for kind, faults in FAULTS.items()} == {
        kind: sorted(CATALOG.certification["gates"] | facts["gates"]) for kind, facts in CATALOG.kinds.items()
    }


@pytest.fixture(scope="module")
def site(cache: Path, framework: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where packages find what they need: the framework with a processor and a sink of theirs, and the rest."""
    folder = tmp_path_factory.mktemp("site")
    for kind in ("processor", "sink"):
        module = folder / f"metadata/ingestion/{kind}/some_{kind}.py"
        module.parent.mkdir(parents=True)
        name = kind.title()
        module.write_text(f"from openmetadata_some_{kind}.{kind} import Some{name}{name}\n", encoding="utf-8")
    join(folder / "metadata", framework)
    return [folder, events.libraries(cache), kafka.client(cache, framework)]


@pytest.fixture(scope="module")
def forks(site: list[Path], framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Forks(framework, tmp_path_factory.mktemp("forks"), site[0]) as forks:
        yield forks.python


@pytest.mark.framework
@pytest.mark.xdist_group("planted")
@pytest.mark.parametrize(("kind", "answers"), CASES)
def test_each_fault_is_found_by_the_gate_that_is_for_it(
    kind: str,
    answers: dict[str, Any],
    scaffold: Scaffold,
    forks: Path,
    site: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The faults are in one copy: each fails its own gate."""
    root = scaffold(tmp_path / "made", kind=kind, name=f"some_{kind}", **answers)
    broken = copy_with(FAULTS[kind], root, f"openmetadata_some_{kind}", tmp_path / "broken")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, site)))
    assert_found(certify(forks, broken), FAULTS[kind])
