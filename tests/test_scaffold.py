"""What a scaffold holds: the examples, the answers in the schema, and nothing that was not asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Scaffold, by_day
from tests.support.contrib import write_checkout
from tests.support.render import alike

EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))


def example(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def schema_of(root: Path) -> dict[str, Any]:
    (file,) = (file for file in root.rglob("*Connection.json") if "TestConnection" not in file.name)
    return json.loads(file.read_text())


@pytest.fixture
def schema(scaffold: Scaffold, tmp_path: Path) -> Any:
    """The connection schema for some answers."""

    def make(**answers: Any) -> dict[str, Any]:
        return schema_of(scaffold(tmp_path / "out", skip_tasks=True, **answers))

    return make


@pytest.mark.parametrize("placement", by_day(["package", "contrib"], ["package"]))
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_scaffolds_and_validates(path: Path, placement: str, scaffold: Scaffold, tmp_path: Path) -> None:
    destination = tmp_path / "out"
    if placement == "contrib":
        write_checkout(destination)
    scaffold(destination, **example(path), placement=placement)
    assert schema_of_example(destination, example(path)["name"])


def schema_of_example(root: Path, name: str) -> bool:
    stem = name.replace("_", "").lower()
    return any(file.stem.lower() == f"{stem}connection" for file in root.rglob("*.json"))


def test_two_runs_give_the_same_bytes(scaffold: Scaffold, tmp_path: Path) -> None:
    answers = example(ROOT / "examples/my_olap_db.yml")
    assert contents(scaffold(tmp_path / "a", **answers)) == contents(scaffold(tmp_path / "b", **answers))


def test_answers_reach_the_schema(schema: Any) -> None:
    made = schema(
        display_name="My “OLAP” DB", description='A "quoted" one.', scheme="myolap+pyodbc", default_port=10000
    )
    host = made["properties"]["hostPort"]
    assert made["description"] == 'A "quoted" one.'
    assert made["$id"].endswith("/database/myDbConnection.json")
    assert made["javaType"] == "org.openmetadata.schema.services.connections.database.MyDbConnection"
    assert (host["default"], host["examples"]) == ("localhost:10000", ["localhost:10000"])
    assert "My “OLAP” DB" in host["description"]
    assert made["properties"]["scheme"]["default"] == "myolap+pyodbc"


def test_type_name_is_spelled_as_given(schema: Any) -> None:
    made = schema(name="big_query", type_name="BigQuery")
    assert made["title"] == "BigQueryConnection"
    assert made["definitions"]["bigQueryType"]["enum"] == ["BigQuery"]


@pytest.mark.parametrize(
    ("auth_types", "choices", "required"),
    [
        (["basic"], ["./common/basicAuth.json"], ["username", "hostPort"]),
        (["basic", "iam"], ["./common/basicAuth.json", "./common/iamAuthConfig.json"], ["username", "hostPort"]),
        (["azure"], ["./common/azureConfig.json"], ["username", "authType", "hostPort"]),
        (["jwt"], ["./common/jwtAuth.json"], ["authType", "hostPort"]),
        (["token"], ["./databricks/personalAccessToken.json"], ["authType", "hostPort"]),
        (["oauth"], ["#/definitions/OAuthClientCredentials"], ["authType", "hostPort"]),
        (["basic", "token"], ["./common/basicAuth.json", "./databricks/personalAccessToken.json"], ["hostPort"]),
    ],
    ids=str,
)
def test_auth_types_asked_for_are_the_choices(
    auth_types: list[str], choices: list[str], required: list[str], schema: Any
) -> None:
    made = schema(auth_types=auth_types)
    assert [choice["$ref"] for choice in made["properties"]["authType"]["oneOf"]] == choices
    assert made["required"] == required


def test_oauth_is_a_file_of_its_own_in_a_checkout_because_java_has_no_class_for_a_definition(
    scaffold: Scaffold, tmp_path: Path
) -> None:
    out = scaffold(tmp_path / "out", placement="contrib", auth_types=["oauth"], type_name="MyOLAPDb")
    folder = out / "openmetadata-spec/src/main/resources/json/schema/entity/services/connections/database"
    schema = json.loads((folder / "myDbConnection.json").read_text())
    own = json.loads((folder / "myolapdb/oAuthClientCredentials.json").read_text())
    choice = {"title": "OAuth Client Credentials", "$ref": "./myolapdb/oAuthClientCredentials.json"}
    assert schema["properties"]["authType"]["oneOf"] == [choice]
    assert "OAuthClientCredentials" not in schema["definitions"]
    assert own["$id"].endswith("/connections/database/myolapdb/oAuthClientCredentials.json")
    assert own["javaType"].endswith(".services.connections.database.myolapdb.OAuthClientCredentials")


@pytest.mark.parametrize(
    ("namespace", "present", "absent"),
    [
        ("schema.table", {"databaseName", "databaseSchema"}, {"database", "ingestAllDatabases", "supportsDatabase"}),
        ("database.schema.table", {"database", "ingestAllDatabases", "supportsDatabase"}, {"databaseName"}),
    ],
)
def test_namespace_decides_the_properties(namespace: str, present: set[str], absent: set[str], schema: Any) -> None:
    names = schema(namespace=namespace)["properties"].keys()
    assert present <= names
    assert not absent & names


def test_capability_not_asked_for_leaves_no_trace(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out")
    flags = [name for name in schema_of(root)["properties"] if name.startswith("supports")]
    assert flags == ["supportsMetadataExtraction"]
    others = {".copier-answers.yml", *alike()}
    text = b"\n".join(data for path, data in contents(root).items() if path not in others).lower()
    for word in (
        b"lineage",
        b"usage",
        b"profiler",
        b"query_log",
        b"queryhistory",
        b"procedure",
        b"data_diff",
        b"dbtextraction",
        b"customdatabase/",
    ):
        assert word not in text, word


@pytest.mark.parametrize(
    ("capability", "files"),
    [
        ("lineage", {"lineage.py", "query_parser.py", "lineage.yaml"}),
        ("usage", {"usage.py", "query_parser.py", "usage.yaml"}),
        ("profiler", {"profiler.yaml", "profiler.py", "service_spec.py"}),
        ("stored_procedures", set()),
        ("data_diff", {"data_diff.yaml", "service_spec.py"}),
        ("dbt", {"dbt.yaml"}),
    ],
)
def test_capability_adds_its_files(capability: str, files: set[str], scaffold: Scaffold, tmp_path: Path) -> None:
    plain = contents(scaffold(tmp_path / "plain", scheme="mysql+pymysql"))
    more = contents(scaffold(tmp_path / "more", scheme="mysql+pymysql", capabilities=[capability]))
    assert {Path(path).name for path in more.keys() - plain.keys()} == files
    assert plain.keys() <= more.keys()


def test_what_is_installed_into_the_framework_says_nothing_of_one_connector(scaffold: Scaffold, tmp_path: Path) -> None:
    """Two distributions bring the same file, so that one may be installed over the other."""
    first = scaffold(tmp_path / "first", name="first", scheme="postgresql+psycopg2", capabilities=["profiler"])
    second = scaffold(tmp_path / "second", name="second", scheme="mysql+pymysql", capabilities=["data_diff"])
    place = "customdatabase/service_spec.py"
    assert (first / place).read_bytes() == (second / place).read_bytes()


def test_embedded_database_has_no_login_and_no_address(schema: Any) -> None:
    made = schema(scheme="sqlite+pysqlite")
    assert made["required"] == ["databaseFile"]
    assert not {"username", "authType", "hostPort", "sslConfig"} & made["properties"].keys()


def test_secrets_in_workflows_come_from_the_environment(scaffold: Scaffold, tmp_path: Path) -> None:
    package = scaffold(tmp_path / "package")
    workflow = yaml.safe_load((package / "workflows/metadata.yaml").read_text())
    assert workflow["source"]["serviceConnection"]["config"]["connectionOptions"]["password"] == "env:MY_DB_PASSWORD"
    contrib = scaffold(tmp_path / "contrib", placement="contrib")
    workflow = yaml.safe_load((contrib / "ingestion/src/metadata/examples/workflows/my_db.yaml").read_text())
    assert workflow["source"]["serviceConnection"]["config"]["authType"] == {"password": "${MY_DB_PASSWORD}"}


def test_context_names_what_is_left_to_do(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(
        tmp_path / "out",
        placement="contrib",
        docs_url="https://docs.example.com/sql",
        docs_notes="Signs in with ```odd``` quotes.",
        docker_image="img:1",
        docker_port=81,
    )
    text = (root / "ingestion/src/metadata/ingestion/source/database/mydb/CONNECTOR_CONTEXT.md").read_text()
    for part in (
        "https://docs.example.com/sql",
        "Signs in with ```odd``` quotes.",
        "`img:1`, port 81",
        "openmetadata-spec/src/main/resources/json/schema/entity/services/databaseService.json",
        "openmetadata-ui/src/main/resources/ui/src/utils/DatabaseServicePureUtils.ts",
        "`mysql` connector",
        "`SSL_ARGUMENTS`, `MY_DB_ERRORS`: set to what your driver takes and says",
        "make generate",
    ):
        assert part in text, part


@pytest.mark.parametrize("name", ["a", "a" * 30, "x1_y2_z3"])
@pytest.mark.parametrize("scheme", ["sqlite+pysqlite", "postgresql+psycopg2", "mysql+pymysql", "clickhousedb+connect"])
def test_code_is_formatted_for_any_name_and_dialect(name: str, scheme: str, scaffold: Scaffold, tmp_path: Path) -> None:
    embedded = scheme.startswith("sqlite")
    root = scaffold(
        tmp_path / "out",
        skip_tasks=True,
        name=name,
        scheme=scheme,
        auth_types=[] if embedded else ["basic", "jwt", "oauth"],
        capabilities=["profiler"] if embedded else ["lineage", "usage", "profiler"],
    )
    for command in (["check"], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."], cwd=root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_missing_helper_of_copier_is_named(template: Path, tmp_path: Path) -> None:
    """Copier without what it needs beside it says what to install, in one line."""
    script = (
        "import sys; sys.modules['copier_template_extensions'] = None\n"
        "from copier._cli import CopierApp\n"
        f"CopierApp.run(['copier', 'copy', '--defaults', '--trust', '-d', 'name=my_db', '-d', 'service_type=database',"
        f" {str(template)!r}, {str(tmp_path / 'out')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode != 0
    assert "copier_template_extensions" in done.stderr
    assert "install these extensions" in done.stderr
    assert not (tmp_path / "out").exists()


def test_name_that_yaml_takes_for_something_else_stays_a_name(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", name="on")
    assert yaml.safe_load((root / "workflows/metadata.yaml").read_text())["source"]["serviceName"] == "on"


def test_driver_of_bearer_tokens_gets_no_user(scaffold: Scaffold, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", scheme="clickhousedb+connect", auth_types=["jwt"])
    workflow = yaml.safe_load((root / "workflows/metadata.yaml").read_text())
    options = workflow["source"]["serviceConnection"]["config"]["connectionOptions"]
    assert options == {"jwt": "env:MY_DB_JWT", "hostPort": "localhost:8123"}
