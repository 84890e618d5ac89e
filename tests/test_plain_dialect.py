"""A dialect that inherits from PostgreSQL's is what its authors wrote, whatever the framework puts in its parent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

pytestmark = pytest.mark.framework

SCRIPT = """
import json
import metadata.ingestion.source.database.common_db_source  # this replaces methods
from sqlalchemy import create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from openmetadata_probe.plain_dialect import undo_patches


class Child(PGDialect_psycopg2):
    supports_statement_cache = True

    def get_view_definition(self, *arguments, **options):
        return "the child's"


registry.impls["child"] = lambda: Child
engine = undo_patches(create_engine("child://u:p@localhost/x"))
of = {name: getattr(type(engine.dialect), name).__module__ for name in ("get_columns", "get_foreign_keys")}
print(json.dumps({
    "replaced": PGDialect.get_columns.__module__,
    "of": of,
    "view": engine.dialect.get_view_definition(),
    "cache": engine.dialect.supports_statement_cache,
    "is": isinstance(engine.dialect, Child),
}))
"""


@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "child+psycopg2"])
def test_child_of_a_patched_dialect_has_its_own_methods(
    scheme: str, template: Path, warm: Warm, tmp_path: Path
) -> None:
    answers = {"name": "probe", "type_name": "Probe", "service_type": "database", "connection_type": "sqlalchemy"}
    files = Renderer(template).files(EMPTY | answers | {"scheme": scheme, "auth_types": ["basic"]})
    package = tmp_path / "openmetadata_probe"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "plain_dialect.py").write_text(files["src/openmetadata_probe/plain_dialect.py"], encoding="utf-8")
    assert "undo_patches(engine)" in files["src/openmetadata_probe/connection.py"]
    found = warm.run_script(tmp_path, SCRIPT)
    assert found["replaced"].startswith("metadata.")  # else the module is not needed any more
    assert set(found["of"].values()) == {"sqlalchemy.dialects.postgresql.base"}
    assert found["view"] == "the child's"
    assert found["cache"] and found["is"]
