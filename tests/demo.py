"""`make demo`: from an answers file to entities, with nothing but SQLite and this machine.

Scaffolds the SQLite example as a package from this repository, installs it beside the
framework, runs its tests, ingests a sample shop with the real `metadata ingest`, and prints
what a server would have received. The server is the recording stand-in of the tests.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import copier
import yaml

from tests.support import systems
from tests.support.connector import install
from tests.support.openmetadata import RecordingServer, export_api_schemas
from tests.support.truth import arrived

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples/sqlite.yml"


@contextmanager
def stage(title: str) -> Iterator[None]:
    print(f"{title} …", end=" ", flush=True)
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def table(server: RecordingServer) -> Iterator[str]:
    """What arrived: a line per column, tables and schemas said once."""
    for database, schemas in arrived(server).items():
        for schema, tables in schemas.items():
            yield f"{database}.{schema}"
            for name, facts in tables.items():
                yield f"  {name} ({facts['type'].lower()})"
                for column in facts["columns"]:
                    key = "key" if column["name"] in facts["primary_key"] else ""
                    null = "" if column["nullable"] is not False else "not null"
                    yield f"    {column['name']:<20}{column['type']:<18}{null:<10}{key}".rstrip()
                for key in facts["foreign_keys"]:
                    yield f"    {', '.join(key['columns'])} -> {key['table']} ({', '.join(key['referred'])})"


def main() -> None:
    framework = Path(os.environ["OPENMETADATA_PYTHON"])
    answers = yaml.safe_load(EXAMPLE.read_text())
    with tempfile.TemporaryDirectory(prefix="demo-") as scratch:
        root = Path(scratch) / "connector"
        with stage(f"Scaffolding {EXAMPLE.relative_to(ROOT)} as a package"):
            copier.run_copy(str(ROOT), root, data=answers, defaults=True, unsafe=True, quiet=True, vcs_ref="HEAD")
        with stage("Installing it beside openmetadata-ingestion"):
            connector = install(root, answers["name"], "package", framework, Path(scratch))
        with stage("Running the tests that it came with"):
            done = connector.run_tests()
            if done.returncode:
                sys.exit(f"\n{done.stdout}{done.stderr}")
        with stage("Reading the release's own API schemas (once)"):
            schemas = export_api_schemas(framework, ROOT / ".cache")
        with systems.sqlite(Path(scratch) / "shop.db") as shop, RecordingServer(schemas) as server:
            workflow = connector.pointed(server, databaseFile=str(shop.path))
            with stage("Ingesting a sample shop with `metadata ingest`"):
                run = connector.ingest(workflow)
            if run.returncode or server.faults:
                sys.exit("\n".join([run.output, *server.faults]))
            print(f"\nWhat arrived, each request valid against the API of OpenMetadata {server.version}:\n")
            print("\n".join(table(server)))


if __name__ == "__main__":
    main()
