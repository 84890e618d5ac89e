"""The catalog's files fit their schemas and each other, and a wrong one is named."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from extensions.catalog import Catalog, CatalogError
from extensions.schema import ReferenceError, reference
from tests.conftest import ROOT

CATALOG = Catalog(ROOT / "catalog")


def test_every_file_fits_its_schema() -> None:
    Catalog(ROOT / "catalog").check()


def test_catalog_is_recorded_as_checked() -> None:
    assert Catalog(ROOT / "catalog").is_checked, "the catalog has changed: run `make catalog`"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("auth/jwt.yml", "title: a JSON", "titel: a JSON", "catalog/auth/jwt.yml: (the whole file): "),
        (
            "capabilities/usage.yml",
            "needs: query_log",
            "needs: luck",
            "catalog/capabilities/usage.yml: entries.0.needs",
        ),
        ("dialects/mysql.yml", "port: 3306", "port: '3306'", "catalog/dialects/mysql.yml: port: '3306'"),
        ("pagination.yml", "title: all at once", "titel: all at once", "catalog/pagination.yml: none: "),
        ("connections/rest_api.yml", "order: 2", "order: two", "catalog/connections/rest_api.yml: order: 'two'"),
        ("services/database.yml", "mandatory: true", "mandatory: maybe", "catalog/services/database.yml: steps."),
        (
            "references.yml",
            "model: FilterPattern",
            "model: 7",
            "catalog/references.yml: 2.0.targets.filterPattern.model",
        ),
        ("actions.yml", "commit: 3d3c", "commit: 3D3C", "catalog/actions.yml: actions.actions/checkout.commit: "),
        ("dialects/sqlite.yml", "title: SQLite", "title: [SQLite", "catalog/dialects/sqlite.yml: not YAML"),
    ],
)
def test_wrong_file_is_refused_by_name_and_key(file: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    root = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", root)
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))
    catalog = Catalog(root)
    with pytest.raises(CatalogError) as refusal:
        catalog.check()
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


def test_wrong_file_fails_before_anything_is_rendered(scaffold_edited: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"catalog/dialects/postgresql\.yml: port: 'high'"):
        scaffold_edited("catalog/dialects/postgresql.yml", {"port: 5432": "port: high"})
    assert not (tmp_path / "out").exists()


def test_every_reference_is_listed() -> None:
    targets = CATALOG.release["targets"]
    owners = [*CATALOG.services.values(), *CATALOG.connections.values()]
    used = {facts["reference"] for owner in owners for facts in owner["properties"].values() if "reference" in facts}
    used |= {
        flag for facts in CATALOG.capabilities.values() for entry in facts["entries"] for flag in entry.get("flags", ())
    }
    used |= {
        here["reference"]
        for facts in CATALOG.auth.values()
        for here in facts["connections"].values()
        if "reference" in here
    }
    assert sorted(used - targets.keys()) == []
    assert sorted(targets.keys() - used) == []


def test_everything_with_a_partial_has_it() -> None:
    partials = ROOT / "partials"
    wanted = [
        f"auth/{way}/{name}"
        for name, facts in CATALOG.auth.items()
        for way in ("sqlalchemy", "rest_api")
        if way in facts["connections"]
    ]
    wanted += [f"client/pages/{name}" for name in CATALOG.pagination]
    wanted += [f"connection/{facts['family']}" for facts in CATALOG.connections.values()]
    wanted += [f"client/{name}" for name, facts in CATALOG.connections.items() if facts["family"] == "client"]
    entries = [entry for facts in CATALOG.capabilities.values() for entry in facts["entries"]]
    wanted += [f"capability/{entry['partial']}" for entry in entries if "partial" in entry]
    wanted += [f"dialect/{facts['partial']}" for facts in CATALOG.dialects.values() if "partial" in facts]
    for service in CATALOG.services.values():
        wanted += [f"source/{facts['source']}" for facts in service["connections"].values()]
        if "client" in service["connections"]:
            wanted.append(f"models/{service['connections']['client']['source']}")
    assert [name for name in wanted if not (partials / f"{name}.py.jinja").is_file()] == []


def test_schemas_name_files_that_exist() -> None:
    schemas = sorted((ROOT / "catalog/schema").glob("*.json"))
    named = {name for schema in schemas for name in re.findall(r"\b[\w-]+(?:/[\w-]+)+\.py\b", schema.read_text())}
    assert "tasks/plan.py" in named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_comments_are_no_acronyms(tmp_path: Path) -> None:
    (tmp_path / "acronyms.txt").write_text("# What it is.\n#\naws gcp\ndb\n")
    assert Catalog(tmp_path).acronyms == {"aws", "gcp", "db"}


def test_no_two_dialects_claim_a_backend_or_a_name() -> None:
    claims = [claim for facts in CATALOG.dialects.values() for claim in facts["backends"]]
    names = [name for facts in CATALOG.dialects.values() for name in facts.get("names", ())]
    assert len(claims) == len(set(claims))
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("target", "pointer"),
    [
        ("filterPattern", "../../../../type/filterPattern.json#/definitions/filterPattern"),
        ("connectionOptions", "../connectionBasicType.json#/definitions/connectionOptions"),
        ("basicAuth", "./common/basicAuth.json"),
        ("personalAccessToken", "./databricks/personalAccessToken.json"),
    ],
)
def test_reference_is_relative_to_the_schema(target: str, pointer: str) -> None:
    place = "entity/services/connections/database/myDbConnection.json"
    assert reference(place, target, CATALOG.release["targets"]) == pointer


def test_reference_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ReferenceError, match="no target 'kerberos'"):
        reference("a/b.json", "kerberos", CATALOG.release["targets"])


def accepted_arguments(driver: str) -> set[str]:
    """The connect arguments that a real driver takes."""
    if driver == "pymysql":
        import pymysql

        return set(inspect.signature(pymysql.connections.Connection.__init__).parameters)
    if driver == "connect":
        import clickhouse_connect
        from clickhouse_connect.driver.httpclient import HttpClient

        takes = (clickhouse_connect.driver.create_client, HttpClient.__init__)
        return {name for function in takes for name in inspect.signature(function).parameters}
    import psycopg2.extensions

    class Anything(set[str]):
        """libpq knows its own parameters: `make_dsn` raises for any other."""

        def __contains__(self, name: object) -> bool:
            psycopg2.extensions.make_dsn(**{str(name): "x"})
            return True

    return Anything()


@pytest.mark.parametrize(
    ("dialect", "driver"), [("mysql", "pymysql"), ("clickhouse", "connect"), ("postgresql", "psycopg2")]
)
def test_driver_takes_the_arguments_that_the_catalog_gives_it(dialect: str, driver: str) -> None:
    facts = CATALOG.dialects[dialect]["drivers"][driver]
    ssl = facts["ssl"]
    named = ("under",) if "under" in ssl else ("ca", "cert", "key", "mode")
    names = [ssl[key] for key in named if key in ssl] + list(ssl.get("enable", {}))
    names += [facts["bearer"]] if "bearer" in facts else []
    accepted = accepted_arguments(driver)
    assert [name for name in names if name not in accepted] == []


def test_fields_of_records_belong_to_kinds_and_capabilities_that_there_are() -> None:
    nested, common = CATALOG.fields["nested"], CATALOG.fields["common"]
    tables = [common, *nested.values()]
    for facts in CATALOG.services.values():
        for resource in facts["resources"].values():
            own = resource.get("fields", {})
            assert set(resource.get("common", ())) <= set(common)
            tables.append(nested[own] if isinstance(own, str) else own)
    for field in (field for table in tables for field in table.values()):
        assert field.get("of") in {None, *nested}
        assert field.get("capability") in {None, *CATALOG.capabilities}


def test_fields_of_a_resource_are_those_that_its_service_type_can_have() -> None:
    assert "tags" in CATALOG.fields_of("dashboard", "dashboards")
    # They can't be sent with charts, and services for messaging have none.
    assert "tags" not in CATALOG.fields_of("dashboard", "charts")
    assert "tags" not in CATALOG.fields_of("messaging", "topics")
    assert CATALOG.fields_of("database", "columns") == CATALOG.fields["nested"]["table_column"]
    assert CATALOG.fields_of("pipeline", "tasks")["taskSQL"] == {"model": "sql", "sample": "sql", "kind": "text"}


# What the emitted check of lists calls each, and the words of the catalog that say it.
_SIGNS = {
    "COUNTS": ("answers", "count"),
    "PAGE_COUNTS": ("answers", "pages"),
    "MORE_FLAGS": ("answers", "more"),
    "LAST_FLAGS": ("answers", "last"),
    "NEXT_FIELDS": ("answers", "next"),
    "PAGING_OBJECTS": ("answers", "around"),
    "COUNT_HEADERS": ("headers", "count"),
    "PAGE_COUNT_HEADERS": ("headers", "pages"),
    "NEXT_HEADERS": ("headers", "next"),
}


def test_emitted_completeness_knows_what_the_catalog_knows_of_lists() -> None:
    (file,) = (ROOT / "template").rglob("*completeness.py*")
    held = {
        target.id: eval(compile(ast.Expression(statement.value), file.name, "eval"))
        for statement in ast.parse(file.read_text()).body
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name)
    }
    assert {name for name in held if name.endswith(("COUNTS", "FLAGS", "FIELDS", "OBJECTS", "HEADERS"))} == set(_SIGNS)
    words = {name: set(CATALOG.words[part][key]) for name, (part, key) in _SIGNS.items()}
    # A number of records that follow says that some do. Objects of cursors hold none of the other fields.
    words["NEXT_FIELDS"] |= set(CATALOG.words["answers"]["remaining"])
    words["PAGING_OBJECTS"] -= {"cursors"}
    assert {name: set(held[name]) for name in _SIGNS} == words
