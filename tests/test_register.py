"""A checkout comes to know a contribution: exactly, once, in any order; elsewhere a patch is written."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
from contextlib import chdir
from pathlib import Path

import pytest

from tasks.plan import places
from tests.conftest import ROOT
from tests.support import typescript
from tests.support.checkout import CATALOG, FACTORY, LOADERS, SPECIFICATION, connections, member, write_registry
from tests.support.git import commit, git
from tests.support.registration import CONSTANTS, ICONS, SETUP, contents, contribution, is_within, run
from tests.support.render import EMPTY, Renderer

# The specification of the 2.0 line, where one is at hand.
RELEASE = Path(os.environ["OPENMETADATA_SPEC"]) if "OPENMETADATA_SPEC" in os.environ else None
SERVICES = pytest.mark.parametrize("service_type", CATALOG.services)


@pytest.fixture(scope="session", params=LOADERS)
def registry(request: pytest.FixtureRequest, real: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a checkout that know its connectors, in each shape that the interface has had."""
    return write_registry(tmp_path_factory.mktemp("registry"), real, request.param)


@pytest.fixture
def checkout(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `registry`, committed, and entered."""
    shutil.copytree(registry, tmp_path / "checkout")
    monkeypatch.chdir(tmp_path / "checkout")
    git(Path(), "init", "--quiet")
    commit(Path(), "as it was")
    return tmp_path / "checkout"


@pytest.mark.parametrize(
    ("registry", "service_type"),
    [("import", service_type) for service_type in CATALOG.services] + [("load", "database"), ("switch", "database")],
    indirect=["registry"],
)
def test_connector_is_known_wherever_it_has_to_be(
    checkout: Path, service_type: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(contribution("my_db", service_type, display_name="My 'DB'"))
    assert capsys.readouterr().err == ""
    names = CATALOG.services[service_type]["registration"]
    data = json.loads((SPECIFICATION / CATALOG.services[service_type]["service_schema"]).read_text())
    kinds = data["definitions"][f"{names['definitions']}ServiceType"]
    assert kinds["enum"].count("MyDb") == 1
    assert kinds["javaEnums"].count({"name": "MyDb"}) == 1
    assert connections(data).count("myDbConnection") == 1
    loader = Path(names["loaders"][0]).read_text()
    assert loader.count(f"{names['enum']}.MyDB") == 1
    assert loader.count(f"connections/{service_type}/myDbConnection.json'") == 1
    icons = ICONS.read_text()
    assert icons.count("import myDbIcon from '../assets/img/service-icon-mydb.svg';") == 1
    assert icons.count("  mydb: myDbIcon,\n") == 1
    assert section_of("mydb:", icons) == names["icons"]
    assert CONSTANTS.read_text().count(f"  {names['enum']}.MyDB,\n") == 1
    assert f"  [{names['enum']}.MyDB, \"My 'DB'\"],\n" in CONSTANTS.read_text()
    assert f"import org.openmetadata.schema.services.connections.{service_type}.MyDbConnection;" in FACTORY.read_text()
    assert "Map.entry(MyDbConnection.class, new MyDbConnectionClassConverter())" in FACTORY.read_text()
    assert '    "mydb": {"my_db-driver~=1.0"},\n    "mysql":' in SETUP.read_text()


def section_of(entry: str, text: str) -> str:
    """The comment line above an entry."""
    above = text[: text.index(entry)]
    return [line.strip()[3:] for line in above.splitlines() if line.strip().startswith("// ")][-1]


def test_nothing_but_the_entries_is_changed(checkout: Path, registry: Path) -> None:
    """All that was there is still there in its order: line ends, key order, indentation, comments."""
    run(contribution("my_db"))
    before, after = contents(registry), contents(checkout)
    changed = [file for file, text in before.items() if after[file] != text]
    assert len(changed) == 6
    for file in changed:
        assert is_within(before[file], after[file]), file
        assert len(after[file]) - len(before[file]) < 400, file


def test_second_run_changes_nothing_and_says_nothing(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(contribution("my_db"))
    commit(checkout, "registered")
    capsys.readouterr()
    run(contribution("my_db"))
    assert git(checkout, "status", "--porcelain") == ""
    assert capsys.readouterr() == ("", "")


def test_entries_that_people_have_changed_stay_as_they_are(checkout: Path) -> None:
    run(contribution("my_db", display_name="My DB"))
    for file, old, new in (
        (ICONS, "assets/img/service-icon-mydb.svg", "assets/img/service-icon-mydb.png"),
        (SETUP, '"my_db-driver~=1.0"', '"my_db-driver~=2.0", "other"'),
        (CONSTANTS, "  DatabaseServiceType.MyDB,\n", ""),
        (CONSTANTS, "'My DB'", "'My own DB'"),
    ):
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    commit(checkout, "registered, and changed")
    run(contribution("my_db", display_name="My DB"))
    assert git(checkout, "status", "--porcelain") == ""


NAMES = ["zeta", "my_db", "alpha", "my_db2", "big_query_plus", "kudu", "api_hub", "mydc", "x", "nessie"]


@pytest.mark.parametrize("seed", range(2))
def test_order_of_registrations_does_not_matter(registry: Path, tmp_path: Path, seed: int) -> None:
    """Ten connectors, of several service types, one after the other in any order: the same files."""
    connectors = [
        contribution(name.lower(), service_type)
        for name, service_type in zip(
            NAMES, itertools.cycle(["database", "database", "messaging", "storage"]), strict=False
        )
    ]
    trees = []
    for order in (connectors, random.Random(seed).sample(connectors, len(connectors))):
        folder = tmp_path / str(len(trees))
        shutil.copytree(registry, folder)
        with chdir(folder):
            for connector in order:
                run(connector)
        trees.append(contents(folder))
    assert trees[0] == trees[1]


@SERVICES
def test_patch_does_in_a_checkout_what_a_registration_does(
    tmp_path: Path, service_type: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scaffolded into an empty folder; applied by git; then nothing is left for a registration to do."""
    connector = contribution("my_db", service_type, display_name="My DB")
    folder, checkout = tmp_path / "empty", write_registry(tmp_path / "checkout", RELEASE)
    connector_files = folder / connector.converter
    connector_files.parent.mkdir(parents=True)
    with chdir(folder):
        run(connector)
    assert (
        capsys.readouterr().out
        == "register-my_db.patch: this is no OpenMetadata checkout; apply it in one, as its first lines say\n"
    )
    git(checkout, "init", "--quiet")
    shutil.copytree(folder, checkout, dirs_exist_ok=True)
    commit(checkout, "copied")
    git(checkout, "apply", "register-my_db.patch")
    data = json.loads((checkout / SPECIFICATION / CATALOG.services[service_type]["service_schema"]).read_text())
    assert connections(data).count("myDbConnection") == 1
    assert len(git(checkout, "status", "--porcelain").splitlines()) == 6
    commit(checkout, "applied")
    with chdir(checkout):
        run(connector)
    assert git(checkout, "status", "--porcelain") == ""
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("shape", LOADERS)
def test_registered_typescript_is_checked_by_the_compiler(node: Path, tmp_path: Path, shape: str) -> None:
    """The types are made by quicktype, of the schemas that were edited, as OpenMetadata's build does."""
    checkout = write_registry(tmp_path / "checkout", RELEASE, shape)
    with chdir(checkout):
        for service_type, name in itertools.product(CATALOG.services, ("my_db", "http_api_x", "nessie")):
            run(contribution(f"{name}_{service_type}", service_type, display_name="It's\u2028 \\ `new`"))
    faults, members = typescript.check(node, checkout)
    assert faults == []
    assert "MyDbDatabase" in members["databaseServiceType"]


def test_types_are_called_in_typescript_as_quicktype_calls_them(node: Path, tmp_path: Path) -> None:
    types = ["MyDb", "YDB", "Sftp", "SapErp", "SAS", "neo4j", "DBTCloud", "QlikSense", "S3", "Db2", "AzureSQL"]
    types += ["PinotDB", "HTTPServer", "My2Db", "A", "AB", "ABc", "X1Y2"]
    assert {name: member(name) for name in types} == typescript.members(node, types, tmp_path)


@pytest.mark.parametrize("display_name", ["MyDb", "My DB"])
@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "sqlite"])
def test_context_lists_what_is_registered(template: Path, tmp_path: Path, scheme: str, display_name: str) -> None:
    """CONNECTOR_CONTEXT is rendered before the task runs, from the same facts; SQLite needs no converter."""
    answers = EMPTY | {"placement": "contrib", "display_name": display_name, "scheme": scheme}
    answers |= {"namespace": "schema.table", "auth_types": [] if scheme == "sqlite" else ["basic"]}
    files = Renderer(template).files(answers)
    (context,) = [text for path, text in files.items() if path.endswith("CONNECTOR_CONTEXT.md")]
    listed = re.findall(r"^- \[ \] `(.*)`: (.*)$", context.partition("## Registration checklist")[2], re.MULTILINE)
    with chdir(tmp_path):
        connector = contribution("my_db", display_name=display_name)
        if any(path.endswith("ClassConverter.java") for path in files):
            assert connector.converter.as_posix() in files
            connector.converter.parent.mkdir(parents=True)
            connector.converter.touch()
        known: dict[str, list[str]] = {}
        for place in places(connector, ROOT / "catalog"):
            if place["wanted"]:
                known.setdefault(place["files"][0], []).append(place["what"])
    assert dict(listed) == {file: "; ".join(entries) for file, entries in known.items()}
    assert any(path.endswith(f"/assets/img/service-icon-{connector.module}.svg") for path in files)


def test_acronyms_are_those_of_quicktype(node: Path) -> None:
    assert CATALOG.acronyms == typescript.acronyms(node)
