"""Every combination of auth types, capabilities, namespace and placement for SQLAlchemy.

63 sets of auth types x 32 of capabilities x 2 namespaces x 2 placements = 8064 connectors. All
are rendered; what they share is checked once. The capabilities are those with code of their own;
those that are a flag and a workflow come with every other of the sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import copier
import pytest

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT
from tests.support.checks import PACKAGE_MODULES, check_texts, evidence, validate_files
from tests.support.contrib import generate_models, write_schemas
from tests.support.render import EMPTY, Renderer

CATALOG = Catalog(ROOT / "catalog")
NAMESPACES = tuple(CATALOG.services["database"]["namespaces"])
PLACEMENTS = ("package", "contrib")
FIRST_PARTY = {"package": ["openmetadata_my_db", *PACKAGE_MODULES], "contrib": ["metadata"]}

Answers = dict[str, Any]


def subsets(names: list[str], smallest: int) -> list[list[str]]:
    return [list(chosen) for size in range(smallest, len(names) + 1) for chosen in combinations(names, size)]


# Each auth type alone, and all of them, come first: the other sets are left to the night.
AUTH_TYPES = [name for name, facts in CATALOG.auth.items() if "sqlalchemy" in facts["connections"]]
BY_DAY = (1, len(AUTH_TYPES))
AUTH_SETS = sorted(subsets(AUTH_TYPES, 1), key=lambda chosen: len(chosen) not in BY_DAY)
CAPABILITIES = ["lineage", "usage", "profiler", "stored_procedures", "data_diff"]
OTHERS = [
    name
    for name in accepted(Choices(CATALOG).capabilities("database", "sqlalchemy", "myolap+pyodbc"))
    if name not in ("metadata", *CAPABILITIES)
]
CAPABILITY_SETS = [
    ["metadata", *chosen, *(OTHERS if number % 2 else [])] for number, chosen in enumerate(subsets(CAPABILITIES, 0))
]


def answers(placement: str, namespace: str, auth_types: list[str], capabilities: list[str]) -> Answers:
    return EMPTY | {
        "placement": placement,
        "scheme": "myolap+pyodbc",
        "default_port": "10000",
        "namespace": namespace,
        "auth_types": auth_types,
        "capabilities": capabilities,
    }


def combos(placement: str, namespace: str, auth_sets: list[list[str]]) -> Iterator[Answers]:
    for auth_types in auth_sets:
        for capabilities in CAPABILITY_SETS:
            yield answers(placement, namespace, auth_types, capabilities)


@cache
def renderer(template: Path) -> Renderer:
    return Renderer(template)


@cache
def sources(template: Path) -> tuple[str, ...]:
    """All files but a contribution's documentation, which test_ui_docs.py renders."""
    documents = ("{{page_file}}", "{{form_docs_dir}}", "{{icon_file}}")
    return tuple(name for name in renderer(template).names() if not any(one in name for one in documents))


# Seven sets of auth types a test, so that the tests spread over the processors.
CHUNKS = [AUTH_SETS[start : start + 7] for start in range(0, len(AUTH_SETS), 7)]
EACH_CHUNK = pytest.mark.parametrize(
    "chunk", [pytest.param(number, marks=[NIGHTLY] if number else []) for number in range(len(CHUNKS))]
)


def test_matrix_is_complete() -> None:
    assert len(AUTH_SETS) * len(CAPABILITY_SETS) * len(NAMESPACES) * len(PLACEMENTS) == 63 * 32 * 2 * 2
    assert sum(len(chunk) for chunk in CHUNKS) == 63
    assert [len(chosen) for chosen in CHUNKS[0]] == [1, 1, 1, 1, 1, 1, 6]


@EACH_CHUNK
@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_combination_validates_compiles_and_is_formatted(
    placement: str, namespace: str, chunk: int, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unique: dict[str, str] = {}
    validated: set[tuple[str, ...]] = set()
    monkeypatch.chdir(tmp_path)
    for combination in combos(placement, namespace, CHUNKS[chunk]):
        files = renderer(template).files(combination, sources(template))
        for path, text in files.items():
            unique.setdefault(text, path)
        paths = evidence(combination)
        key = tuple(files[path] for path in paths if path)
        if key not in validated:
            validated.add(key)
            assert validate_files(files, paths) == 0, combination
    check_texts(unique, tmp_path / "unique", FIRST_PARTY[placement])


@EACH_CHUNK
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_models_are_generated_from_every_schema(namespace: str, chunk: int, template: Path, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    write_schemas(schemas)
    place = schemas / "entity/services/connections/database"
    texts = {
        renderer(template).text("{{only.connector}}/{{schema_file}}.jinja", combination)
        for combination in combos("package", namespace, CHUNKS[chunk])
    }
    for number, text in enumerate(sorted(texts)):
        (place / f"n{number}Connection.json").write_text(text)
    generate_models(schemas, tmp_path / "models")
    for number in range(len(texts)):
        module = tmp_path / f"models/entity/services/connections/database/n{number}Connection.py"
        assert "class MyDbConnection(BaseModel):" in module.read_text()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_renderer_gives_what_copier_gives(placement: str, template: Path, tmp_path: Path) -> None:
    given = answers(placement, NAMESPACES[0], ["basic", "oauth"], CAPABILITY_SETS[-1])
    copier.run_copy(str(template), tmp_path / "out", data=given, unsafe=True, quiet=True, skip_tasks=True)
    written = {
        str(path.relative_to(tmp_path / "out")): path.read_text()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and not path.name.startswith(".copier-answers")
    }
    rendered = renderer(template).files(given)
    assert written == {path: text for path, text in rendered.items() if not path.startswith(".copier-answers")}
