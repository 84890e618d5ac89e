"""The runner of a package runs: what is right is certified, and each fault is found by the check that is for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT, Scaffold, by_day
from tests.support.certification import certify
from tests.support.planted import FAULTS, assert_found, copy_with
from tests.support.python import environment

pytestmark = pytest.mark.framework

# These share a package that was certified once.
TOGETHER = pytest.mark.xdist_group("certified")

CATALOG = Catalog(ROOT / "catalog")
REPORT = "certification/certification_report.json"


def answers(service_type: str) -> dict[str, Any]:
    """A package with all that its service type can have."""
    connection_type = CATALOG.services[service_type]["default_connection"]
    scheme = "postgresql+psycopg2" if connection_type == "sqlalchemy" else ""
    return {
        "name": f"some_{service_type}",
        "service_type": service_type,
        "connection_type": connection_type,
        "capabilities": accepted(Choices(CATALOG).capabilities(service_type, connection_type, scheme)),
        **({"scheme": scheme} if scheme else {"pagination": "page"}),
    }


# By day databases, and of what is read through clients one with all that it can have; the recipe certifies another.
@pytest.mark.parametrize(
    "service_type",
    by_day([name for name, facts in CATALOG.services.items() if "custom" in facts], ["database", "storage"]),
)
def test_fresh_package_is_certified(service_type: str, scaffold: Scaffold, forked: Path, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", **answers(service_type))
    done = certify(forked, root)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((root / REPORT).read_text())
    manifest = yaml.safe_load((root / "certification/certification.yaml").read_text())
    assert report["verdict"] == "self-test passed"
    assert {check["id"] for check in report["checks"]} == {
        *(f"gates.{name}" for name in CATALOG.certification["gates"] | CATALOG.kinds["connector"]["gates"]),
        *(f"capabilities.{name}" for name in answers(service_type)["capabilities"]),
    }
    assert all(check["tests"] for check in report["checks"])
    sent = report["run"]["measured"]["test_contract.py::test_what_arrives_is_valid"]["entities"]
    assert sent == {request: len(names) for request, names in manifest["entities"].items()}


@pytest.fixture(scope="module")
def package(scaffold: Scaffold, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scaffold(tmp_path_factory.mktemp("certified") / "out", **answers("messaging"))


@pytest.fixture(scope="module")
def certified(package: Path, forked: Path) -> Path:
    """The same, with its report."""
    done = certify(forked, package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"^certified", done.stdout, re.MULTILINE)
    return package


@TOGETHER
def test_each_fault_is_found_by_the_check_that_is_for_it(package: Path, forked: Path, tmp_path: Path) -> None:
    """The faults are in one copy: they fail their own checks, the whole of the tests, and no capability but one."""
    root = copy_with(FAULTS["connector"], package, "openmetadata_some_messaging", tmp_path / "out")
    done = certify(forked, root)
    assert_found(done, FAULTS["connector"])
    gone = (
        "not run  capabilities.owners: tests/test_metadata.py::test_owners_are_users_or_one_team: there is no such test"
    )
    assert gone in done.stdout.splitlines()


CONTRACT = "test_contract.py::test_what_arrives_is_valid"
HALF_WAY = "test_faults.py::test_nothing_is_lost_when_the_source_fails_half_way"
ENDINGS = "test_connection.py::test_list_does_not_end_where_something_else_is_said"

# Of each service type, whatever the fault, by day each in one of them: in which file it is, what is replaced, by what,
# and the test that finds it, which a gate names.
PAGE = r"^( +)yield from reading\.add\(page\.records, page\.signs\)$"
LOST = {
    "description": ("metadata", r"^( +)description=.*$", r"\1description=None,", CONTRACT),
    "deletion": ("metadata", r"if .*not in self\._gaps:", "if True:", HALF_WAY),
    "displayName": ("metadata", r"^( +)displayName=(?!None).*$", r"\1displayName=None,", CONTRACT),
    "sourceUrl": ("metadata", r"^( +)sourceUrl=.*$", r"\1sourceUrl=None,", CONTRACT),
    "owners": ("metadata", r"^( +)owners=.*$", r"\1owners=None,", CONTRACT),
    "tags": ("metadata", r"^( +)tags=.*$", r"\1tags=None,", CONTRACT),
    "column type": ("metadata", r"dataType=\w+\b(?!\()", "dataType=DataType.UNKNOWN", CONTRACT),
    # All that is below a schema or folder is put below the first of them.
    "parent": (
        "metadata",
        r"(databaseSchema|directory)=FullyQualifiedEntityName\((\w+)\)",
        r'\1=FullyQualifiedEntityName(self.__dict__.setdefault("first", \2))',
        CONTRACT,
    ),
    "page": ("client", r"^( +)number \+= 1$", r"\1number += 2", CONTRACT),
    "pages after one that is not full": (
        "client",
        PAGE,
        r"\g<0>\n\1if len(page.records) < PAGE_SIZE:\n\1    return",
        CONTRACT,
    ),
    "pages after an undeclared total": (
        "client",
        PAGE,
        r"\g<0>\n\1if page.signs.count and reading.records >= page.signs.count.value:\n\1    return",
        ENDINGS,
    ),
}
TYPES = [name for name, facts in CATALOG.services.items() if "custom" in facts and "client" in facts["connections"]]
BY_DAY = {
    ("description", "dashboard"),
    ("deletion", "mlmodel"),
    ("displayName", "storage"),
    ("sourceUrl", "pipeline"),
    ("owners", "search"),
    ("tags", "drive"),
    ("column type", "database"),
    ("deletion", "messaging"),
    ("parent", "database"),
    ("page", "pipeline"),
    ("pages after one that is not full", "messaging"),
    ("pages after an undeclared total", "search"),
}
HAVE_NO = {"sourceUrl": {"search"}, "tags": {"messaging", "mlmodel", "search"}}
HAVE = {"column type": {"database"}, "parent": {"database", "drive"}}


def test_what_finds_a_fault_is_named_by_a_gate() -> None:
    asked = CATALOG.connections["rest_api"]["gates"]
    gates = CATALOG.kinds["connector"]["gates"].items()
    named = {test for name, gate in gates for test in [*gate.get("tests", ()), *asked.get(name, ())]}
    assert {test for *_, test in LOST.values()} <= named


def break_and_run(root: Path, python: Path, file: str, old: str, new: str, test: str) -> None:
    """Replace what fits a pattern in a file of the package: the test has to fail."""
    (module,) = (root / "src").glob(f"*/{file}.py")
    text, count = re.subn(old, new, module.read_text(), flags=re.MULTILINE)
    assert count
    module.write_text(text)
    done = subprocess.run(
        [str(python), "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{test}"],
        cwd=root,
        env=environment([root / "src"]),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1, done.stdout[-3000:]
    assert f"FAILED tests/{test}" in done.stdout


@pytest.mark.parametrize(
    ("fault", "service_type"),
    [
        pytest.param(fault, service_type, marks=[] if (fault, service_type) in BY_DAY else [NIGHTLY])
        for fault in LOST
        for service_type in TYPES
        if service_type not in HAVE_NO.get(fault, ()) and service_type in HAVE.get(fault, TYPES)
    ],
)
def test_fault_of_any_service_type_is_found(
    fault: str, service_type: str, scaffold: Scaffold, forked: Path, tmp_path: Path
) -> None:
    connection = {"connection_type": "rest_api", "pagination": "page", "scheme": ""}
    capabilities = accepted(Choices(CATALOG).capabilities(service_type, "rest_api", ""))
    wanted = answers(service_type) | connection | {"capabilities": capabilities}
    root = scaffold(tmp_path / "out", **{key: value for key, value in wanted.items() if key != "scheme"})
    break_and_run(root, forked, *LOST[fault])


# Of what a source reads over SQLAlchemy.
LOST_OF_SQL = {
    "column type": (
        r"^( +)found = super\(\)\.get_columns_and_constraints\(.*\)$",
        r"\g<0>\n\1for column in found[0]:\n\1    column.dataType = type(column.dataType).UNKNOWN",
        CONTRACT,
    ),
    "deletion": (
        r"if .*not in self\._gaps:",
        "if True:",
        "test_metadata.py::test_what_could_not_be_read_is_not_deleted",
    ),
    "view definition": (
        r"^( +)definition = super\(\)\.get_schema_definition\(.*\)$",
        r"\1definition = None",
        "test_metadata.py::test_definition_of_a_view_arrives",
    ),
}


@pytest.mark.parametrize("fault", by_day(LOST_OF_SQL, ["view definition"]))
def test_fault_over_sqlalchemy_is_found(fault: str, scaffold: Scaffold, forked: Path, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", **answers("database"))
    break_and_run(root, forked, "metadata", *LOST_OF_SQL[fault])


@TOGETHER
def test_package_whose_source_is_something_else_is_not_certified(package: Path, forked: Path, tmp_path: Path) -> None:
    """The self-test passed, since the tests have a source of their own; the real one has no list that is asked for."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.startswith("/v3/streams") else 404)
            self.end_headers()
            self.wfile.write(b'{"streams": {"orders": {"shards": 3}}}')

        def log_message(self, *_: object) -> None:
            """Nothing."""

    root = tmp_path / "out"
    subprocess.run(["cp", "-r", str(package), str(root)], check=True)
    workflow = yaml.safe_load((root / "workflows/metadata.yaml").read_text())
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = workflow["source"]["serviceConnection"]["config"]["connectionOptions"]
        options["hostPort"] = f"http://127.0.0.1:{server.server_port}"
        (root / "other.yaml").write_text(yaml.safe_dump(workflow))
        done = certify(forked, root, "--source", "other.yaml", SOME_MESSAGING_PASSWORD="secret")
        server.shutdown()
    assert done.returncode == 1
    assert re.search(r"^failed   source\.entities: ", done.stdout, re.MULTILINE), done.stdout
    assert done.stdout.splitlines()[-1].startswith("not certified: ")
    assert json.loads((root / REPORT).read_text())["verdict"] == "not certified"


@TOGETHER
def test_reports_on_the_same_files_differ_only_in_the_run(certified: Path, forked: Path) -> None:
    reports = [json.loads((certified / REPORT).read_text())]
    assert certify(forked, certified).returncode == 0
    reports.append(json.loads((certified / REPORT).read_text()))
    runs = [report.pop("run") for report in reports]
    assert reports[0] == reports[1]
    assert runs[0] != runs[1]


def truncated(text: str) -> str:
    return text[: len(text) // 2]


def embellished(text: str) -> str:
    report = json.loads(text)
    report["checks"][0] |= {"outcome": "failed", "reason": "it did"}
    return json.dumps(report)


def shortened(text: str) -> str:
    report = json.loads(text)
    report["checks"] = report["checks"][1:]
    return json.dumps(report)


@TOGETHER
@pytest.mark.parametrize(
    ("change", "line"),
    [
        (truncated, "is not whole: "),
        (embellished, "says self-test passed, but its checks say not certified"),
        (shortened, "has no gates.unit_tests; run python -m certification again"),
    ],
)
def test_report_that_is_not_as_it_was_written_is_refused(
    change: Callable[[str], str], line: str, certified: Path, forked: Path
) -> None:
    report = certified / REPORT
    text = report.read_text()
    assert certify(forked, certified, "--verify").returncode == 0
    try:
        report.write_text(change(text))
        done = certify(forked, certified, "--verify")
    finally:
        report.write_text(text)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{REPORT}: {line}"), done.stderr
    assert len(done.stderr.splitlines()) == 1


@TOGETHER
def test_report_of_other_files_is_refused(certified: Path, forked: Path, tmp_path: Path) -> None:
    root = tmp_path / "out"
    subprocess.run(["cp", "-r", str(certified), str(root)], check=True)
    (root / "src/openmetadata_some_messaging/models.py").open("a").write("\n")
    done = certify(forked, root, "--verify")
    assert (done.returncode, done.stderr) == (
        1,
        f"{REPORT}: is of other files than these; run python -m certification again\n",
    )


def test_recipe_adds_a_capability_with_its_section(template: Path, forked: Path, tmp_path: Path) -> None:
    """docs/certification.md, to the letter: each file that it names has the block after its name."""
    edited = tmp_path / "template"
    subprocess.run(["cp", "-r", str(template), str(edited)], check=True)
    text = (ROOT / "docs/certification.md").read_text().partition("## Adding a capability")[2]
    blocks = re.findall(r"`((?:catalog|partials)/[\w/.]+)`:\n\n```\w+\n(.*?)```\n", text, re.DOTALL)
    assert [path for path, _ in blocks] == [
        "catalog/capabilities/count.yml",
        "partials/capability/messaging_count.py.jinja",
    ]
    for path, block in blocks:
        assert not (edited / path).exists()
        (edited / path).write_text(block)
    (command,) = re.findall(r"```bash\npython (.*)\n```", text)
    subprocess.run([sys.executable, *command.split()], cwd=edited, check=True)
    sections = {}
    for capabilities in (["metadata"], ["metadata", "count"]):
        root = tmp_path / "-".join(capabilities)
        data = answers("messaging") | {"capabilities": capabilities}
        copier.run_copy(str(edited), root, data=data, defaults=True, unsafe=True, quiet=True)
        manifest = yaml.safe_load((root / "certification/certification.yaml").read_text())
        sections[len(capabilities)] = manifest["capabilities"]
    assert "count" not in sections[1]
    assert sections[2]["count"] == {
        "strategies": ["records"],
        "source_must_allow": ["Nothing beside the topics."],
        "required_tests": ["tests/test_metadata.py::test_number_of_topics_is_said"],
    }
    done = certify(forked, root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed   capabilities.count" in done.stdout.splitlines()
