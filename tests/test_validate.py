"""The validation task: each fault is one line that names file, pointer and fault."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest

from tasks import validate
from tests.conftest import ROOT, Scaffold
from tests.support.contrib import write_checkout

SCHEMA = "src/openmetadata_my_db/schema/myDbConnection.json"
STEPS = "src/openmetadata_my_db/schema/myDbTestConnection.json"
CODE = "src/openmetadata_my_db/connection.py"
SAMPLE = "tests/fixtures/connection.json"
CERTIFICATION = "certification/certification.yaml"


@pytest.fixture(scope="module")
def made(scaffold: Scaffold, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scaffold(tmp_path_factory.mktemp("made") / "out", skip_tasks=True, auth_types=["basic", "oauth"])


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """A copy to put faults into."""
    return shutil.copytree(made, tmp_path / "out")


def run(package: Path) -> subprocess.CompletedProcess[str]:
    evidence = [CERTIFICATION, SCHEMA, STEPS, str(Path(CODE).parent), SAMPLE]
    task = [sys.executable, str(ROOT / "tasks/validate.py"), *evidence]
    return subprocess.run(task, cwd=package, capture_output=True, text=True)


def test_scaffold_is_valid(package: Path) -> None:
    done = run(package)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def set_value(*path: Any) -> Callable[[Any], None]:
    """An edit of JSON data: the last item of `path` is the value, the others lead to it."""

    def edit(data: Any) -> None:
        for key in path[:-2]:
            data = data[key]
        data[path[-2]] = path[-1]

    return edit


SECRET = {"title": "API token", "type": "string"}
FAULTS: list[tuple[str, Callable[[Any], None], str]] = [
    (SCHEMA, set_value("$id", "https://open-metadata.org/x/y.json"), ": /$id: 'https://open-metadata.org/x/y.json'"),
    (SCHEMA, set_value("title", "OtherConnection"), ": /javaType: "),
    (SCHEMA, set_value("javaType", "org.MyDbConnection"), ": /javaType: 'org.MyDbConnection' does not fit"),
    (SCHEMA, set_value("type", "odd"), ": /type: 'odd' is not valid"),
    (SCHEMA, set_value("required", ["hostPort", "hostport"]), ": /required/1: 'hostport' is not one of the properties"),
    (SCHEMA, set_value("properties", "apiToken", SECRET), ": /properties/apiToken: is a secret: it needs the format"),
    (
        SCHEMA,
        set_value("definitions", "OAuthClientCredentials", "properties", "clientSecret", SECRET),
        ": /definitions/OAuthClientCredentials/properties/clientSecret: is a secret",
    ),
    (
        SCHEMA,
        set_value("properties", "sslConfig", "$ref", "../nowhere.json"),
        ": /properties/sslConfig/$ref: ../nowhere.json leads to nothing in catalog/references.yml",
    ),
    (
        SCHEMA,
        set_value("properties", "type", "$ref", "#/definitions/none"),
        ": /properties/type/$ref: #/definitions/none leads to nothing",
    ),
    (
        SCHEMA,
        set_value("definitions", "myDbScheme", "default", "x"),
        ": /definitions/myDbScheme/default: 'x' is not in",
    ),
    (
        SCHEMA,
        set_value("properties", "scheme", "default", "x"),
        ": /properties/scheme/default: 'x' is not in the enum of",
    ),
    (STEPS, set_value("steps", 1, "mandatory", "yes"), ": /steps/1/mandatory: 'yes' is not of type 'boolean'"),
    (STEPS, set_value("name", "Other"), ": /name: 'Other' is not the service type 'MyDb'"),
    (STEPS, set_value("steps", 2, "name", "GetSchemas"), ": /steps/1/name: 'GetSchemas' is there 2 times"),
    (STEPS, set_value("steps", 2, "category", "ConnectionGate"), ": /steps: the first step has to be the gate"),
    (STEPS, set_value("steps", 0, "category", "Capability"), ": /steps: the first step has to be the gate"),
    (STEPS, set_value("steps", 2, "name", "GetMore"), f": /steps/2/name: {CODE} has no check 'GetMore'"),
    (SAMPLE, set_value("hostPort", 1), ": /hostPort: 1 is not of type 'string'"),
    (SAMPLE, set_value("port", 1), ": /: Additional properties are not allowed ('port' was unexpected)"),
    (SAMPLE, set_value("authType", {"password": "a", "clientId": "b"}), ": /authType: "),
]


@pytest.mark.parametrize(("file", "edit", "fault"), FAULTS, ids=[fault[:60] for _, _, fault in FAULTS])
def test_fault_is_one_line(file: str, edit: Callable[[Any], None], fault: str, package: Path) -> None:
    data = json.loads((package / file).read_text())
    edit(data)
    (package / file).write_text(json.dumps(data))
    done = run(package)
    assert done.returncode == 1
    assert done.stderr.startswith(file + fault), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_secret_in_a_definition_of_its_own_file_is_found(
    scaffold: Scaffold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = scaffold(tmp_path / "out", placement="contrib", skip_tasks=True, auth_types=["oauth"])
    spec = "openmetadata-spec/src/main/resources/json/schema/entity/services/connections/database"
    own = f"{spec}/mydb/oAuthClientCredentials.json"
    (out / own).write_text((out / own).read_text().replace('"format": "password"', '"format": "text"'))
    monkeypatch.chdir(out)
    steps = "openmetadata-service/src/main/resources/json/data/testConnections/database/myDb.json"
    code = "ingestion/src/metadata/ingestion/source/database/mydb"
    sample = "ingestion/src/metadata/examples/workflows/my_db.yaml"
    assert validate.main(["", f"{spec}/myDbConnection.json", steps, code, sample]) == 1
    assert capsys.readouterr().err.startswith(f"{own}: /properties/clientSecret: is a secret")


def test_wrong_certification_is_found(package: Path) -> None:
    text = (package / CERTIFICATION).read_text()
    (package / CERTIFICATION).write_text(text.replace("status: candidate", "status: perfect"))
    done = run(package)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{CERTIFICATION}: /status: 'perfect' is not one of ")


def test_check_without_a_step_is_found(package: Path) -> None:
    text = (package / STEPS).read_text()
    data = json.loads(text)
    del data["steps"][-1]
    (package / STEPS).write_text(json.dumps(data))
    done = run(package)
    assert done.stderr == f"{CODE}: /: the check 'GetViews' is no step of {STEPS}\n"


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        (SCHEMA, None, "can't be read: No such file or directory"),
        (SCHEMA, "{", "is not JSON: "),
        (CODE, "def (", "can't be read as Python: "),
    ],
)
def test_file_that_cannot_be_read_is_named(file: str, text: str | None, fault: str, package: Path) -> None:
    if text is None:
        (package / file).unlink()
    else:
        (package / file).write_text(text)
    done = run(package)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{file}: /: {fault}")
    assert len(done.stderr.splitlines()) == 1


def test_references_are_resolved_in_the_checkout(scaffold: Scaffold, tmp_path: Path) -> None:
    checkout = write_checkout(tmp_path / "checkout")
    spec = checkout / validate.SPEC_IN_CHECKOUT
    (spec / "security/ssl/verifySSLConfig.json").unlink()
    with pytest.raises(copier.errors.TaskError):
        scaffold(checkout)


def test_task_writes_nothing(package: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*")}
    run(package)
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*")} == before


def test_fault_leaves_a_fresh_destination_clean(scaffold_edited: Any, tmp_path: Path) -> None:
    changes = {"  CheckAccess:\n": "  CheckNothing:\n", "[CheckAccess,": "[CheckNothing,"}
    with pytest.raises(copier.errors.TaskError):
        scaffold_edited("catalog/services/database.yml", changes)
    assert not (tmp_path / "out").exists()
