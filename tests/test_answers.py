"""Answers are honoured or refused: the refusals, each a line that says what to give instead."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from jinja2 import Environment

from extensions.answers import LONGEST, MOST, Choices
from extensions.catalog import Catalog
from tests.conftest import ROOT, Scaffold
from tests.support.render import Interview

CLIENT = {"service_type": "dashboard"}
SDK = CLIENT | {"connection_type": "sdk_client"}


@pytest.fixture
def interview(template: Path) -> Interview:
    """Asked once, as hooks look at what was given once."""
    return Interview(template)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": "MyDb"}, "give small letters, digits and underscores, such as my_db: 'MyDb' is not snake case"),
    ({"name": "2db"}, "'2db' is not snake case"),
    ({"name": "größe"}, "'größe' is not snake case"),
    ({"name": "my-db"}, "'my-db' is not snake case"),
    ({"name": "my_db_"}, "give words joined by single underscores, such as my_db: 'my_db_' has one too many"),
    ({"name": "my__db"}, "'my__db' has one too many"),
    ({"name": "class"}, "give another name, such as class_db: 'class' is a word of Python's own"),
    ({"name": "a" * 31}, "give at most 30 characters"),
    ({"name": "con"}, "give another name, such as con_db: 'con' is a device of Windows, which has no such files"),
    ({"name": "aws"}, "give another name, such as aws_db: the framework has constants named after 'aws'"),
    ({"name": "x" * 100_000}, f"give at most 30 characters: '{'x' * 60}…' is too long"),
    ({"name": ""}, "'' is not snake case"),
    ({"service_type": "security"}, "'security' is not in ['database', 'dashboard', "),
    (
        {"service_type": "dashboard", "connection_type": "sqlalchemy"},
        "choose rest_api or sdk_client for dashboard: sqlalchemy is for databases",
    ),
    ({"connection_type": "odbc"}, "'odbc' is not in ['sqlalchemy', 'rest_api', 'sdk_client']"),
    (
        {"service_type": "api", "placement": "package"},
        "choose contrib: OpenMetadata has no Custom type that a package for API services could run as",
    ),
    (
        {"service_type": "dashboard", "capabilities": ["profiler"]},
        "leave profiler out: it is not for dashboard over rest_api",
    ),
    (
        {"scheme": "mariadb+pymysql", "capabilities": ["data_diff"]},
        "leave data_diff out: OpenMetadata does not compare tables of mariadb+pymysql",
    ),
    (
        {"scheme": "snowflake", "capabilities": ["data_diff"]},
        "leave data_diff out: OpenMetadata does not compare tables of snowflake",
    ),
    ({"scheme": "mysql+pymysql", "capabilities": ["owners"]}, "leave owners out: MySQL or MariaDB has no owners"),
    (
        {"scheme": "postgresql+psycopg2", "capabilities": ["incremental"]},
        "leave incremental out: PostgreSQL does not say which tables have changed",
    ),
    ({"service_type": "dashboard", "scheme": "x"}, "leave scheme out: it belongs to sqlalchemy, not to rest_api"),
    (CLIENT | {"api_prefix": "api"}, "give a path that starts with / and does not end with it, such as /api/v1: 'api'"),
    (CLIENT | {"api_prefix": "/api/"}, "'/api/' is none"),
    (CLIENT | {"pagination": "pages"}, "'pages' is not in ['none', 'page', 'offset', 'cursor', 'link_header']"),
    (
        CLIENT | {"pagination": "page", "page_parameter": "a b"},
        "give the name of a query parameter, such as page: 'a b'",
    ),
    (CLIENT | {"pagination": "page", "page_size": 0}, "give a number from 1 to 100000: 0 is no size of a page"),
    (CLIENT | {"pagination": "cursor", "next_field": "a..b"}, "give keys joined by dots, such as next_cursor: 'a..b'"),
    (CLIENT | {"records_path": "$.items[0]"}, "'$.items[0]' is no field"),
    (CLIENT | {"pagination": "page", "page_parameter": ""}, "such as page: '' is none"),
    (CLIENT | {"pagination": "cursor", "next_field": ""}, "such as next_cursor: '' is no field"),
    (CLIENT | {"next_field": "next"}, "leave next_field out: pagination none has none"),
    (CLIENT | {"pagination": "link_header", "page_parameter": "p"}, "leave page_parameter out: pagination link_header"),
    (CLIENT | {"size_parameter": "n"}, "leave size_parameter out: pagination none has none"),
    (CLIENT | {"page_size": 5}, "leave page_size out, or give the size_parameter that asks for it"),
    (SDK | {"api_prefix": "/api"}, "leave api_prefix out: it belongs to rest_api, not to sdk_client"),
    (SDK | {"records_path": "items"}, "leave records_path out: it belongs to rest_api, not to sdk_client"),
    (SDK | {"pagination": "page"}, "leave pagination out: it belongs to rest_api, not to sdk_client"),
    ({"connection_type": "rest_api", "namespace": "schema.table"}, "leave namespace out: it belongs to sqlalchemy"),
    (CLIENT | {"namespace": "schema.table"}, "leave namespace out: it belongs to sqlalchemy, not to rest_api"),
    (CLIENT | {"connection_type": "sdk_client", "sdk_package": ""}, "give the PyPI name of its SDK, such as boto3"),
    ({"type_name": "My Db"}, "give letters and digits that start with a capital, such as MyDb: 'My Db' can't be"),
    ({"type_name": "myDb"}, "'myDb' can't be a class"),
    ({"type_name": "My_Db"}, "'My_Db' can't be a class"),
    ({"type_name": "None"}, "'None' is a word of Python's own"),
    ({"type_name": "CustomDb"}, "give another type: the framework takes 'CustomDb'"),
    ({"type_name": "Com1"}, "give another type, such as Com1Db: 'Com1' is a device of Windows"),
    ({"type_name": "AWS"}, "give another type, such as AWSDb: the framework has classes named after 'AWS'"),
    ({"type_name": "../x", "placement": "contrib"}, "'../x' can't be a class"),
    ({"name": "workflow"}, "give another type, such as WorkflowDb: the framework has classes named after 'Workflow'"),
    ({"scheme": "POSTGRESQL+psycopg2"}, "'POSTGRESQL+psycopg2' is not a SQLAlchemy scheme"),
    ({"scheme": "postgres+psycopg2"}, "give postgresql+psycopg2: SQLAlchemy has no dialect 'postgres'"),
    (
        {"scheme": "clickhousedb+connect", "auth_types": ["iam"]},
        "leave iam out: ClickHouse can't be signed in to with it",
    ),
    ({"sdk_package": "foo @ git+https://example.com/foo"}, "give a PyPI name"),
    ({"display_name": "  "}, "give at least one letter"),
    ({"display_name": "two\nlines"}, "give a single line"),
    ({"display_name": "ends\n"}, "give a single line"),
    ({"display_name": "\u200b\u00a0"}, "give at least one letter"),
    ({"display_name": "a\x00b"}, "leave out U+0000, which is character 2: some files can't hold it, or don't show it"),
    ({"display_name": "a\u202eb"}, "leave out U+202E"),
    ({"display_name": "a\ud800"}, "leave out U+D800"),
    ({"display_name": "a" * 101}, "give at most 100 characters"),
    ({"description": "in C:\\users"}, "leave out \\u: OpenMetadata's build has the text in Java"),
    ({"display_name": "\\uu002a/ int x; /*"}, "leave out \\u"),
    ({"description": "\ufeffa"}, "leave out U+FEFF, which is character 1"),
    ({"description": "a" * 513}, "give at most 512 characters"),
    ({"docs_notes": "a" * 200_001}, f"give at most 200000 characters: '{'a' * 60}…' is too long"),
    (CLIENT | {"api_endpoints": "GET /dashboards - " + "a" * 20_000}, "give at most 20000 characters"),
    ({"service_type": "a" * 1001}, "give at most 1000 characters"),
    ({"capabilities": ["a" * 500] * 2}, "give at most 1000 characters: a list of 1002 characters is too long"),
    ({"docs_notes": "a\n\x1b[31m"}, "leave out U+001B, which is character 3"),
    (CLIENT | {"api_endpoints": "GET /dashboards\x07"}, "leave out U+0007"),
    (CLIENT | {"api_endpoints": "GET /dashboards, /" + "b" * 100}, "give at most 100 characters"),
    (CLIENT | {"api_endpoints": "GET dashboards"}, "give GET and a path, such as GET /dashboards, and all else behind"),
    (
        {"api_endpoints": "GET /tables"},
        "leave api_endpoints out: it belongs to rest_api and sdk_client, not to",
    ),
    (CLIENT | {"capabilities": [], "api_endpoints": "GET /datasets"}, "choose data_models, too, or leave"),
    ({"description": ""}, "give at least one letter"),
    ({"scheme": "my db"}, "give dialect or dialect+driver, such as postgresql+psycopg2: 'my db' is not"),
    ({"scheme": "postgresql+psycopg2://host"}, "is not a SQLAlchemy scheme"),
    ({"scheme": "a+b+c"}, "'a+b+c' is not a SQLAlchemy scheme"),
    ({"scheme": ""}, "'' is not a SQLAlchemy scheme"),
    ({"default_port": 0}, "give a whole number from 1 to 65535: '0' is not a port"),
    ({"default_port": 65536}, "'65536' is not a port"),
    ({"default_port": "high"}, "'high' is not a port"),
    ({"default_port": "08080"}, "'08080' is not a port"),
    ({"default_port": "\uff18\uff10"}, "'\uff18\uff10' is not a port"),
    ({"default_port": True}, "'True' is not a port"),
    (
        {"default_port": 1, "scheme": "sqlite+pysqlite"},
        "leave this port out, or give what it belongs to: a source with a server",
    ),
    ({"docker_port": 80}, "leave this port out, or give what it belongs to: docker_image"),
    ({"docker_image": "img", "docker_port": 70000}, "'70000' is not a port"),
    ({"namespace": "table"}, "'table' is not in"),
    (
        {"scheme": "mysql+pymysql", "namespace": "database.schema.table"},
        "choose schema.table: MySQL or MariaDB has that",
    ),
    ({"auth_types": ["kerberos"]}, "'kerberos' is not in ['basic', 'iam', 'azure', 'jwt', 'token', 'oauth']"),
    ({"auth_types": []}, "choose at least one auth type"),
    ({"auth_types": ["basic"], "scheme": "sqlite+pysqlite"}, "leave auth_types empty: SQLite has no login"),
    ({"capabilities": ["magic"]}, "'magic' is not in"),
    ({"capabilities": ["stored_procedures"], "scheme": "clickhousedb+connect"}, "ClickHouse has no stored procedures"),
    ({"docs_url": "docs.example.com"}, "give a URL that starts with https:// or http://: 'docs.example.com' is none"),
    ({"docs_url": "https://"}, "'https://' is none"),
    ({"docs_url": "https://a b"}, "'https://a b' is none"),
    ({"docs_url": "https://a:99999/"}, "'https://a:99999/' is none"),
    ({"docs_url": "javascript:alert(1)"}, "give a URL"),
    ({"docs_url": "https://a/\u202e"}, "give a URL"),
    ({"docs_url": "https://a/" + "b" * 2000}, "give at most 2000 characters"),
    ({"sdk_package": "not a package!"}, "give a PyPI name, such as looker-sdk or boto3>=1.34: 'not a package!' is not"),
    ({"sdk_package": "x; os_name == 'a\\b'"}, "is not a requirement"),
    ({"sdk_package": "x; os_name == '\n'"}, "is not a requirement"),
    ({"sdk_package": " boto3"}, "' boto3' is not a requirement"),
    ({"sdk_package": "x;" + "(" * 100_000}, "give at most 250 characters"),
    ({"sdk_package": "x" * 61}, "give at most 60 characters"),
    ({"docker_image": "a" * 251}, "give at most 250 characters"),
    ({"scheme": "a" * 61}, "give at most 60 characters"),
    (CLIENT | {"api_prefix": "/" + "a" * 60}, "give at most 60 characters"),
    (CLIENT | {"records_path": "a" * 51}, "give at most 50 characters"),
    (CLIENT | {"records_path": "a.b.c.d.e.f"}, "give at most 5 keys: 'a.b.c.d.e.f' has more"),
    (CLIENT | {"pagination": "page", "page_parameter": "a" * 61}, "give at most 60 characters"),
    ({"docker_image": "Not An Image"}, "give [registry/]name[:tag], such as"),
    (
        {"docker_image": "img", "scheme": "sqlite+pysqlite", "auth_types": []},
        "leave this image out: only a source with a host and a port can be reached in a container",
    ),
    ({"docker_image": "img:"}, "'img:' is not an image reference"),
]


@pytest.mark.parametrize(("answers", "line"), REFUSED, ids=[line[:50] for _, line in REFUSED])
def test_answer_is_refused_in_one_line(answers: dict[str, Any], line: str, scaffold: Scaffold, tmp_path: Path) -> None:
    destination = tmp_path / "out"
    with pytest.raises(ValueError) as refusal:
        scaffold(destination, **answers)
    assert line in str(refusal.value).splitlines()[-1]
    assert not destination.exists()


def test_answer_longer_than_any_is_refused(interview: Interview) -> None:
    for name in interview.questions:
        most = MOST.get(name, LONGEST)
        with pytest.raises(
            ValueError, match=f"^Validation error for question '{name}': give at most {most} characters: "
        ):
            interview.answered({"name": "my_db", "service_type": "database", name: "a" * (most + 1)})


def test_length_is_looked_at_before_anything_else(interview: Interview) -> None:
    long = {"description": "a" * 20_000_000}
    start = process_time()
    with pytest.raises(ValueError, match="'description': give at most 512 characters"):
        interview.answered({"kind": "none such", "name": "None Such"} | long)
    assert process_time() - start < 1


@pytest.mark.parametrize(
    "answers",
    [
        {"docker_image": "registry.example.com:5000/team/image:1.2@sha256:" + "a" * 64, "docker_port": 1},
        {"docs_url": "http://localhost:8080/docs?a=b#c"},
        {"sdk_package": "boto3[crt]>=1.34,<2"},
        {"default_port": "65535"},
        {"scheme": "mydb"},
        {"type_name": "SAPHana"},
        {"capabilities": []},
        {"capabilities": ["lineage", "usage"]},
        {"auth_types": "[token, jwt]"},
        {"name": "a" * 30},
    ],
    ids=str,
)
def test_answer_is_honoured(answers: dict[str, Any], scaffold: Scaffold, tmp_path: Path) -> None:
    assert (scaffold(tmp_path / "out", **answers) / "pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("name", "scheme", "port", "namespace", "driver"),
    [
        ("postgres", "postgresql+psycopg2", "5432", "database.schema.table", "psycopg2-binary~=2.9"),
        ("mariadb", "mysql+pymysql", "3306", "schema.table", "PyMySQL~=1.1"),
        ("clickhouse", "clickhousedb+connect", "8123", "schema.table", "clickhouse-connect>=0.9,<2"),
        ("sqlite", "sqlite+pysqlite", None, "schema.table", ""),
        ("my_db", "my_db", "", "schema.table", ""),
    ],
)
def test_defaults_follow_the_dialect(
    name: str, scheme: str, port: str | None, namespace: str, driver: str, scaffold: Scaffold, tmp_path: Path
) -> None:
    import yaml

    answers = yaml.safe_load((scaffold(tmp_path / "out", name=name) / ".copier-answers.yml").read_text())
    given = [answers.get(key) for key in ("scheme", "default_port", "namespace", "sdk_package")]
    assert given == [scheme, port, namespace, driver]


@pytest.mark.parametrize(
    ("scheme", "port", "driver"),
    [
        ("clickhouse+native", "9000", "clickhouse-sqlalchemy~=0.3"),
        ("mysql", "3306", "mysqlclient~=2.2"),
        ("postgresql", "5432", "psycopg2-binary~=2.9"),
        ("postgresql+asyncpg", "5432", ""),
    ],
)
def test_defaults_follow_the_driver(scheme: str, port: str, driver: str, scaffold: Scaffold, tmp_path: Path) -> None:
    import yaml

    answers = yaml.safe_load((scaffold(tmp_path / "out", scheme=scheme) / ".copier-answers.yml").read_text())
    assert [answers["default_port"], answers["sdk_package"]] == [port, driver]


class TestCheckout:
    """Scaffolding into a checkout, which is recognised by its specification."""

    MODULE = "ingestion/src/metadata/ingestion/source/database/mydb"
    SCHEMA = "openmetadata-spec/src/main/resources/json/schema/entity/services/connections/database"

    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        from tests.support.contrib import write_checkout

        return write_checkout(tmp_path / "checkout")

    def test_placement_is_contrib_by_default(self, checkout: Path, scaffold: Scaffold) -> None:
        scaffold(checkout)
        assert (checkout / self.MODULE / "connection.py").is_file()
        assert (checkout / ".copier-answers.my_db.yml").is_file()

    @pytest.mark.parametrize("taken", [f"{MODULE}/metadata.py", f"{SCHEMA}/myDbConnection.json"])
    def test_connector_of_somebody_else_is_refused(self, taken: str, checkout: Path, scaffold: Scaffold) -> None:
        (checkout / taken).parent.mkdir(parents=True, exist_ok=True)
        (checkout / taken).write_text("not ours")
        before = sorted(checkout.rglob("*"))
        with pytest.raises(ValueError, match="already has a MyDb connector, which this template did not make"):
            scaffold(checkout)
        assert sorted(checkout.rglob("*")) == before
        assert (checkout / taken).read_text() == "not ours"

    def test_name_of_another_connector_of_ours_is_refused(self, checkout: Path, scaffold: Scaffold) -> None:
        scaffold(checkout, name="my_db")
        with pytest.raises(ValueError, match="already has a MyDB connector"):
            scaffold(checkout, name="mydb", type_name="MyDB")

    def test_connectors_live_side_by_side(self, checkout: Path, scaffold: Scaffold) -> None:
        scaffold(checkout, name="my_db")
        scaffold(checkout, name="other_db")
        assert sorted(file.name for file in checkout.glob(".copier-answers*")) == [
            ".copier-answers.my_db.yml",
            ".copier-answers.other_db.yml",
        ]


def test_answer_in_the_reason_of_a_choice_is_not_read_as_jinja() -> None:
    """Copier renders the parts of choices, which it has rendered before, once more."""
    choices = json.loads(
        Choices(Catalog(ROOT / "catalog")).capabilities("database", "sqlalchemy", "mariadb+{{ 7 * 6 }}")
    )
    (reason,) = (choice["validator"] for _, choice in choices if choice["value"] == "data_diff")
    assert Environment().from_string(reason).render().endswith("mariadb+{{ 7 * 6 }}")


@pytest.mark.parametrize("placement", ["package", "contrib"])
def test_marker_of_a_requirement_is_no_code(placement: str, scaffold: Scaffold, tmp_path: Path) -> None:
    needed = """sdk; python_version < "3" and os_name != 'x'"""
    out = scaffold(tmp_path / "out", **SDK, placement=placement, sdk_package=needed)
    (client,) = out.rglob("client.py")
    text = client.read_text()
    assert '"""The client of MyDb\'s SDK, sdk: how it is opened' in text
    assert 'f"sdk is missing: {INSTALL}"' in text
    assert "os_name" not in text


def test_text_in_documents_of_a_package_is_no_markup(scaffold: Scaffold, tmp_path: Path) -> None:
    given = {"display_name": "<b> C #", "description": "`{{ x }}` | *y*", "docs_url": "https://a.example/[b](c)"}
    given |= {"api_endpoints": "GET /schemas/<id>/tables \u2014 `x`", "connection_type": "rest_api"}
    out = scaffold(tmp_path / "out", **given)
    readme, context = ((out / name).read_text() for name in ("README.md", "CONNECTOR_CONTEXT.md"))
    summary = "\n\n&#96;&#123;&#123; x &#125;&#125;&#96; \\| \\*y\\*\n\n"
    assert summary in readme and summary in context
    assert "connector for &#60;b> C \\#: it runs" in readme
    assert context.startswith("# &#60;b> C \\#: what this connector is")
    assert "\n- <https://a.example/[b](c)>\n- Endpoints: `` GET /schemas/<id>/tables \u2014 `x` ``\n" in context
