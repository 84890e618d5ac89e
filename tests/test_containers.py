"""No object or list of a source is written out as a name, an id, a parent, a part of a path or another text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import ROOT, by_day
from tests.support.connector import PYTEST, PYTEST_OPTIONS, assert_passed
from tests.support.containers import EMITTED
from tests.support.python import Warm
from tests.support.render import Interview

pytestmark = pytest.mark.framework

CATALOG = Catalog(ROOT / "catalog")
PACKAGES = [name for name, facts in CATALOG.services.items() if "custom" in facts]

Render = Callable[..., Path]


@pytest.fixture(scope="module")
def render(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """The package of a service type, with all that it can do over REST."""
    interview = Interview(template)

    def run(service_type: str, **more: str) -> Path:
        root = tmp_path_factory.mktemp(service_type)
        every = accepted(Choices(CATALOG).capabilities(service_type, "rest_api", ""))
        answers: dict[str, Any] = {
            "name": f"some_{service_type}",
            "service_type": service_type,
            "connection_type": "rest_api",
        }
        answers |= {"auth_types": ["token"], "capabilities": every, "pagination": "page"} | more
        answered = interview.answered(answers)
        for path, text in interview.made(answered).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return root

    return run


# They have the models and functions that the others have; a directory has its parent in a field of its own.
@pytest.mark.parametrize("service_type", by_day(PACKAGES, ("database", "dashboard", "drive")))
def test_containers_are_no_texts(service_type: str, render: Render, warm: Warm) -> None:
    root = render(service_type)
    test = root / "tests/test_containers.py"
    test.write_text(EMITTED.format(module=f"openmetadata_some_{service_type}"))
    assert_passed(warm.run(PYTEST, *PYTEST_OPTIONS, str(test), pythonpath=[root / "src"], cwd=root))


# Runs in the framework's interpreter: the names of what a list holds, or why one has none; and the columns of tables.
NAMES = """
import json, sys
from openmetadata_some_database.client import records_of
from openmetadata_some_database.models import Column, Schema, Table, named_by
listed, tables, referring = json.loads(sys.argv[1])
def name_of(model, record):
    try:
        return model.of(record).name
    except ValueError as error:
        return "broken"
names = [name_of(Schema, record) for record in records_of(listed)]
columns = [[name_of(Column, column) for column in Table.of({"name": "t", "columns": held}).columns] for held in tables]
print(json.dumps([names, columns, [sorted(named_by(record, "schema")) for record in referring]]))
"""

# What a list of schemas holds, and what each is called.
NAMED = [
    (["sales", "eu"], "sales.eu"),
    (["hr"], "hr"),
    ("plain", "plain"),
    (5, "5"),
    ({"name": ["sales", "us"]}, "sales.us"),
    ({"id": {"$oid": "5f"}, "name": "docs"}, "docs"),
    (True, "broken"),
    (None, "broken"),
    ([], "broken"),
    (["a.b", "c"], "broken"),
    (["sales", ["eu"]], "broken"),
    ({"id": 7, "name": ["a.b", "c"]}, "broken"),
    ({"name": {"$oid": "5f"}}, "broken"),
]

# The columns of a table in the forms that they have, and their names; those of bare names are asked for by themselves.
COLUMNS = [
    ({"id": {"type": "int"}, "name": "varchar(20)", "children": {"type": "int"}}, ["id", "name", "children"]),
    ([{"name": "id"}, "name", {"type": "int"}], ["id", "name", "broken"]),
    ({"items": [{"name": "id"}, {"name": "name"}], "total": 2}, ["id", "name"]),
    ({"type": "object", "properties": {"id": {"type": "integer"}, "name": {}}}, ["id", "name"]),
    (["id", "name"], []),
]

# What records of tables say of their schema, and the names in it.
REFERRING = [
    ({"schema": ["sales", "eu"]}, ["sales.eu"]),
    ({"schema": {"name": ["sales", "eu"]}}, ["sales.eu"]),
    ({"schema": "sales"}, ["sales"]),
    ({"schema_id": 3, "schema": {"id": {}, "name": "sales"}}, ["3", "sales"]),
    ({"schema": {"id": {"a": 1}}}, []),
    ({"schemas": ["sales", "hr"]}, ["hr", "sales"]),
    ({"schemas": [["sales", "eu"], {"name": "hr"}]}, ["hr", "sales.eu"]),
]


def test_nested_names_are_joined_and_columns_read_in_any_form(render: Render, warm: Warm) -> None:
    given = [[item for item, _ in cases] for cases in (NAMED, COLUMNS, REFERRING)]
    # Tables are one list, so they say themselves which schema they are in.
    root = render("database", api_endpoints="GET /namespaces, GET /tables")
    found = warm.run_script(root / "src", NAMES, json.dumps(given))
    assert found == [[expected for _, expected in cases] for cases in (NAMED, COLUMNS, REFERRING)]


# Runs in the framework's interpreter: the dashboards that records of charts name.
DASHBOARDS = """
import json, sys
from openmetadata_some_dashboard.models import named_by
print(json.dumps([sorted(named_by(record, "dashboard")) for record in json.loads(sys.argv[1])]))
"""


def test_list_of_parents_is_no_nested_name_where_there_may_be_several(render: Render, warm: Warm) -> None:
    root = render("dashboard", api_endpoints="GET /dashboards, GET /charts")
    charts = [{"dashboard": ["a", "b"]}, {"dashboards": ["a", {"id": 2}]}, {"dashboard": "a"}, {"dashboards": 3}]
    found = warm.run_script(root / "src", DASHBOARDS, json.dumps(charts))
    assert found == [["a", "b"], ["2", "a"], ["a"], []]
