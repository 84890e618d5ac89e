"""What a contribution gets for a container image: files, settings, and what is left to say of the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Scaffold
from tests.support.contrib import write_checkout
from tests.support.render import EMPTY, Renderer

Answers = dict[str, Any]

TESTS = "ingestion/tests/integration"

POSTGRES: Answers = {"scheme": "postgresql+psycopg2", "docker_image": "postgres:16"}


def test_no_image_no_integration_test(scaffold: Scaffold, tmp_path: Path) -> None:
    assert not (scaffold(write_checkout(tmp_path / "out"), placement="contrib") / TESTS).exists()


def test_package_has_no_trace_of_the_integration_test(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", docker_image="img")
    assert [path for path in root.rglob("*") if path.is_file() and "testcontainers" in path.read_text()] == []


def test_settings_of_the_container_are_what_its_image_is_told(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", placement="contrib", scheme="mssql+pymssql", docker_image="img")
    text = (root / TESTS / "mydb/conftest.py").read_text()
    for part in ('"MSSQL_SA_PASSWORD": "S3cret-password"', '"password": "S3cret-password"', '"username": "sa"'):
        assert part in text
    assert '"database": "master"' in text
    assert "PORT = 1433" in text


def test_port_that_was_answered_goes_before_the_default_one(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", placement="contrib", default_port=9000, docker_image="img", docker_port=81)
    assert "PORT = 81\n" in (root / TESTS / "mydb/conftest.py").read_text()


KNOWN_IMAGE = "Nothing, if the image reads the variables of `ENVIRONMENT`"


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        (POSTGRES, KNOWN_IMAGE),
        (POSTGRES | {"auth_types": ["iam"]}, "whom the image lets in. `SEED`: compare it with the SQL of the source"),
        ({"docker_image": "img"}, "whom the image lets in. `SEED`: compare it with the SQL of the source"),
        (
            {"docker_image": "img", "service_type": "messaging", "connection_type": "rest_api"},
            "whom the image lets in. `SEED`: how something gets into it to be read",
        ),
    ],
    ids=["known", "other_sign_in", "other_dialect", "client"],
)
def test_context_says_what_of_the_image_is_left_to_say(
    answers: Answers, left: str, scaffold: Scaffold, tmp_path: Path
) -> None:
    root = scaffold(tmp_path / "out", placement="contrib", **answers)
    (context,) = root.rglob("CONNECTOR_CONTEXT.md")
    (line,) = [line for line in context.read_text().splitlines() if f"{TESTS}/mydb/conftest.py" in line]
    assert left in line
    assert f"python -m pytest {TESTS}/mydb` passes" in context.read_text()


TEST = "{{only.connector}}/{{connector.integration_dir}}/test_metadata.py.jinja"


@pytest.mark.parametrize(
    ("answers", "entities"),
    [
        ({"scheme": "postgresql+psycopg2", "namespace": "database.schema.table"}, "[Database, DatabaseSchema, Table]"),
        ({"service_type": "messaging", "connection_type": "rest_api"}, "[Topic]"),
        ({"service_type": "pipeline", "connection_type": "sdk_client", "sdk_package": "my-sdk"}, "[Pipeline]"),
    ],
    ids=["database", "messaging", "pipeline"],
)
def test_each_kind_of_entity_has_to_arrive(answers: Answers, entities: str, template: Path) -> None:
    text = Renderer(template).text(TEST, EMPTY | {"placement": "contrib", "docker_image": "img"} | answers)
    assert f"ENTITIES: list[type[Any]] = {entities}\n" in text
