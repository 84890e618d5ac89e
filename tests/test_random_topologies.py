"""Whatever topology is accepted passes its own tests, and reads all that a server has: random ones hold that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extensions.catalog import Catalog
from extensions.topology_samples import Samples
from tests.conftest import NIGHTLY, ROOT
from tests.support import declarations
from tests.support.checks import PACKAGE_MODULES, check_texts
from tests.support.connector import PYTEST, PYTEST_OPTIONS, SLOW, Connector
from tests.support.declared_api import DeclaredApi
from tests.support.openmetadata import RecordingServer, split_fqn
from tests.support.python import Warm
from tests.support.random_topologies import Drawn, chosen, drawn
from tests.support.render import Interview

Json = dict[str, Any]

CATALOG = Catalog(ROOT / "catalog")

# Those that have each construct of the language at least once, as `chosen` finds them. The largest run at night,
# with as many others as there is time for.
COVERING = [drawn(seed, CATALOG) for seed in (6, 12, 13, 47, 105, 163, 178, 192, 207)]
LARGEST = (6, 12, 105, 178)
AT_NIGHT = 200

# Declarations of which a package failed its own tests: a constant level above the one list, in each way of paging.
FLAT = """
producers:
  groups: [{name: default}]
  databases: [{name: main}]
  tables: GET /types
nodes:
  root: {children: [database], post_process: [deletion]}
  database:
    producer: databases
    stages: [{type: Database}]
    children: [group]
  group:
    producer: groups
    stages: [{type: DatabaseSchema}]
    children: [table]
  table:
    producer: tables
    stages: [{type: Table}]
"""


@pytest.fixture(scope="module")
def interview(template: Path) -> Interview:
    return Interview(template)


def written(made: dict[str, str], root: Path) -> Path:
    """The folder of a package with its files."""
    for path, text in made.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def assert_holds(answers: Json, interview: Interview, warm: Warm, folder: Path) -> None:
    """A package of these answers is well formed, and passes its own tests."""
    made = interview.made(interview.answered(answers))
    modules = {f"openmetadata_{answers['name']}", *PACKAGE_MODULES}
    check_texts({text: path for path, text in made.items()}, folder / "texts", modules)
    root = written(made, folder / "package")
    tests = (*SLOW, str(root / "tests"))
    done = warm.run(PYTEST, *PYTEST_OPTIONS, *tests, pythonpath=[root / "src"], cwd=root)
    assert done.returncode == 0, f"{answers['topology']}\n{done.stdout[-5000:]}{done.stderr[-2000:]}"
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


@pytest.mark.framework
@pytest.mark.parametrize(
    "one",
    [pytest.param(one, id=f"seed{one.seed}", marks=[NIGHTLY] if one.seed in LARGEST else []) for one in COVERING],
)
def test_package_passes_its_own_tests(one: Drawn, interview: Interview, warm: Warm, tmp_path: Path) -> None:
    assert_holds(one.answers, interview, warm, tmp_path)


@pytest.mark.framework
@NIGHTLY
@pytest.mark.parametrize("seed", range(AT_NIGHT))
def test_any_package_passes_its_own_tests(seed: int, interview: Interview, warm: Warm, tmp_path: Path) -> None:
    assert_holds(drawn(seed, CATALOG).answers, interview, warm, tmp_path)


# Packages that read an API which was made from their declaration alone.
INGESTED = [32, 43, *(pytest.param(seed, marks=NIGHTLY) for seed in (14, 16, 23, 24, 33, 45, 50, 53))]


@pytest.mark.framework
@pytest.mark.parametrize("seed", INGESTED)
def test_all_that_an_api_has_arrives_where_it_belongs(
    seed: int, interview: Interview, warm: Warm, framework: Path, schemas: Path, tmp_path: Path
) -> None:
    one = drawn(seed, CATALOG)
    answered = interview.answered(one.answers)
    root = written(interview.made(answered), tmp_path / "package")
    package = Connector(root, one.answers["name"], "package", root / "src", framework, answered["service_type"], warm)
    types = CATALOG.services[answered["service_type"]]["topology"]["types"]
    with DeclaredApi(one.declared, types, answered) as api, RecordingServer(schemas) as server:
        run = package.ingest(package.pointed(server, hostPort=api.url), token="t", username="u", password="p")
        assert run.returncode == 0, run.output[-5000:]
        assert "Warning: " not in run.output.replace("Warnings: ", ""), run.output[-5000:]
        assert (server.faults, api.unknown) == ([], [])
        known = {type_.lower(): type_ for type_ in types}
        arrived = {
            (known[type_.lower()], tuple(split_fqn(entity["fullyQualifiedName"])[1:]))
            for route, entity in server.store.all()
            if (type_ := str(server.store.collections[route]["type"])).lower() in known
        }
        assert arrived == api.arriving
        assert arrived


@pytest.mark.framework
@pytest.mark.parametrize("pagination", ["page", *(pytest.param(one, marks=NIGHTLY) for one in ("offset", "cursor"))])
def test_one_list_below_constant_levels(pagination: str, interview: Interview, warm: Warm, tmp_path: Path) -> None:
    answers = {"kind": "topology", "name": "flat", "service_type": "database", "pagination": pagination}
    assert_holds(answers | {"topology": FLAT}, interview, warm, tmp_path)


def test_those_that_cover_it_have_every_construct() -> None:
    wanted = set().union(*(drawn(seed, CATALOG).covers for seed in range(250)))
    missing = wanted - set().union(*(one.covers for one in COVERING))
    assert missing == set(), f"seeds that have them: {[one.seed for one in chosen(CATALOG)]}"
    words = {f"pagination {kind}" for kind in ("none", "page", "offset", "cursor", "link_header")}
    words |= {f"service type {name}" for name, facts in CATALOG.services.items() if "topology" in facts}
    words |= {
        f"type {name}" for facts in CATALOG.services.values() for name in facts.get("topology", {"types": ()})["types"]
    }
    assert words <= wanted
    assert len(COVERING) <= 15


def test_every_drawn_topology_is_accepted() -> None:
    for seed in range(150):
        one = drawn(seed, CATALOG)
        read = declarations.read(one.answers["topology"], CATALOG.services[one.answers["service_type"]])
        assert Samples(read).fault == "", one.answers["topology"]
        assert drawn(seed, CATALOG) == one
