"""The runner of a package runs: what is right is certified, and each fault is found by the check that is for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
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
    by_day(
        [name for name, facts in CATALOG.services.items() if "custom" in facts], ["database", "pipeline", "storage"]
    ),
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


# Of each service type, whatever the fault: by day each is in one of them.
LOST = {
    "description": (r"^( +)description=.*$", r"\1description=None,"),
    "deletion": (r"if .*not in self\._gaps:", "if True:"),
    "displayName": (r"^( +)displayName=(?!None).*$", r"\1displayName=None,"),
    "sourceUrl": (r"^( +)sourceUrl=.*$", r"\1sourceUrl=None,"),
    "owners": (r"^( +)owners=.*$", r"\1owners=None,"),
    "tags": (r"^( +)tags=.*$", r"\1tags=None,"),
    "column type": (r"dataType=\w+\b(?!\()", "dataType=DataType.UNKNOWN"),
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
}
HAVE_NO = {"sourceUrl": {"search"}, "tags": {"messaging", "mlmodel", "search"}}


@pytest.mark.parametrize(
    ("fault", "service_type"),
    [
        pytest.param(fault, service_type, marks=[] if (fault, service_type) in BY_DAY else [NIGHTLY])
        for fault in LOST
        for service_type in TYPES
        if service_type not in HAVE_NO.get(fault, ()) and (fault != "column type" or service_type == "database")
    ],
)
def test_fault_of_any_service_type_is_found(
    fault: str, service_type: str, scaffold: Scaffold, forked: Path, tmp_path: Path
) -> None:
    connection = {"connection_type": "rest_api", "pagination": "page", "scheme": ""}
    capabilities = accepted(Choices(CATALOG).capabilities(service_type, "rest_api", ""))
    wanted = answers(service_type) | connection | {"capabilities": capabilities}
    root = scaffold(tmp_path / "out", **{key: value for key, value in wanted.items() if key != "scheme"})
    source = root / f"src/openmetadata_some_{service_type}/metadata.py"
    old, new = LOST[fault]
    text, count = re.subn(old, new, source.read_text(), flags=re.MULTILINE)
    assert count
    source.write_text(text)
    test = (
        "test_faults.py::test_nothing_is_lost_when_the_source_fails_half_way"
        if fault == "deletion"
        else "test_contract.py::test_what_arrives_is_valid"
    )
    done = subprocess.run(
        [str(forked), "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{test}"],
        cwd=root,
        env=environment([root / "src"]),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1, done.stdout[-3000:]
    assert f"FAILED tests/{test}" in done.stdout


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
