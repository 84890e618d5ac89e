"""What runs with `--trust` is what SECURITY.md says, and does no more than it says; bandit finds nothing."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import Phase

from extensions.answers import accepted
from tests.conftest import ROOT
from tests.support.checkout import write_registry
from tests.support.contrib import write_checkout
from tests.support.render import EMPTY, Answers, Renderer
from tests.test_matrix_clients import CATALOG, CHOICES, NEEDS, PLACEMENTS, capabilities, refusal

PAGE = (ROOT / "SECURITY.md").read_text()
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text().split("\n---\n")[0])
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading of the page, without its head."""
    below = PAGE.partition(f"\n### {heading}")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in below.splitlines() if line[:1] == "|"]
    return rows[2:]


# ---- The page ----------------------------------------------------------------------


def test_page_names_each_extension_in_its_order() -> None:
    assert [row[0].strip("`") for row in table("The Jinja extensions")] == SETTINGS["_jinja_extensions"]


def test_page_names_each_task_with_its_arguments_and_when_it_runs() -> None:
    named = [(row[0].strip("`").split(), row[1]) for row in table("The tasks")]
    there = []
    for task in SETTINGS["_tasks"]:
        interpreter, script, *arguments = task["command"]
        assert interpreter == "{{ _copier_python }}"
        there.append((script.removeprefix("{{ _copier_conf.src_path }}/"), len(arguments), "when" in task))
    assert [(script, len(arguments), when != "Always") for (script, *arguments), when in named] == there


def test_page_calls_the_arguments_of_a_task_what_the_task_calls_them() -> None:
    for call, *_ in table("The tasks"):
        script, *arguments = call.strip("`").split()
        usage = re.search(rf"^    {Path(script).name} (.*)$", (ROOT / script).read_text(), re.MULTILINE)
        assert usage and usage[1].split() == arguments


def test_page_names_no_code_that_is_not_there() -> None:
    named = set(re.findall(r"\b(?:extensions|tasks|tests)/\w+\.py", PAGE))
    assert sorted(file for file in named if not (ROOT / file).is_file()) == []
    # All code of the template that a scaffold runs is named: what tasks import, too.
    assert {file.relative_to(ROOT).as_posix() for file in (ROOT / "tasks").glob("[a-z]*.py")} <= named


def test_nothing_else_of_copier_runs_code() -> None:
    assert {"_jinja_extensions", "_tasks"} == {name for name in SETTINGS if re.search("extension|task|migration", name)}


# ---- What runs ---------------------------------------------------------------------


def test_extensions_import_nothing_that_reaches_out() -> None:
    imported: set[str] = set()
    for file in (ROOT / "extensions").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    third_party = {"copier", "copier_template_extensions", "jinja2", "jmespath", "jsonschema"}
    third_party |= {"packaging", "referencing", "yaml"}
    # sys is asked for the names of the standard library, builtins for those that need no import.
    assert imported - third_party - {"extensions"} <= {
        *(
            "__future__",
            "ast",
            "builtins",
            "collections",
            "colorsys",
            "copy",
            "dataclasses",
            "difflib",
            "functools",
            "hashlib",
            "html",
        ),
        *("datetime", "itertools", "json", "keyword", "pathlib", "posixpath", "re", "sys", "textwrap", "types"),
        *("typing", "urllib"),
    }


@dataclass(frozen=True)
class Event:
    """What a Python process did: by the file of the template that was at work, or by none of it."""

    origin: str
    name: str
    target: Any


@dataclass(frozen=True)
class Watched:
    """A checkout that a contribution was scaffolded into and registered in, and what happened meanwhile."""

    checkout: Path
    template: Path
    events: list[Event]

    def by(self, folder: str) -> list[Event]:
        return [event for event in self.events if event.origin.startswith(folder)]

    def started(self) -> list[list[str]]:
        return [event.target for event in self.events if event.name == "subprocess.Popen"]


@pytest.fixture(scope="module")
def watched(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    scratch = tmp_path_factory.mktemp("watched")
    checkout = write_registry(write_checkout(scratch / "checkout"))
    log = scratch / "log"
    log.touch()
    environment = os.environ | {
        "WATCHED": str(log),
        "WATCHED_TEMPLATE": str(template),
        "PYTHONPATH": str(ROOT / "tests/support/watched"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    answers = [f"--data={answer}" for answer in ("name=my_db", "service_type=database", "placement=contrib")]
    command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", *answers, str(template), str(checkout)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=scratch)
    assert done.returncode == 0, done.stderr
    return Watched(checkout, template, [Event(*json.loads(line)) for line in log.read_text().splitlines()])


def test_nobody_opens_a_socket(watched: Watched) -> None:
    assert [event for event in watched.events if event.name.startswith("socket.")] == []


def test_extensions_write_nothing_and_start_nothing(watched: Watched) -> None:
    assert watched.by("extensions/") == []


def test_copier_runs_the_two_tasks_of_the_template_and_they_start_nothing(watched: Watched) -> None:
    ours = [command for command in watched.started() if any(str(watched.template) in part for part in command[:2])]
    assert [command[:2] for command in ours] == [
        [sys.executable, f"{watched.template}/tasks/validate.py"],
        [sys.executable, f"{watched.template}/tasks/register.py"],
    ]
    assert {event.name for event in watched.by("tasks/")} <= {"open", "os.chmod", "os.rename"}


def test_first_task_writes_nothing_and_the_second_one_below_the_destination(watched: Watched) -> None:
    assert watched.by("tasks/validate.py") == []
    written = {Path(event.target).resolve() for event in watched.by("tasks/register.py")}
    assert watched.checkout / "ingestion/setup.py" in written
    assert [path for path in written if not path.is_relative_to(watched.checkout)] == []


# ---- bandit ------------------------------------------------------------------------

# What bandit says of each process that is started, whatever it is: the command starts Git, by lists of arguments.
# And of each text at a key such as `password`: in maps it is what stands for one.
STARTS = "--skip=B105,B404,B603,B607"

# What tests are made of, and what runs them: assertions, passwords of stand-ins, SQL for them, and processes that are
# started by lists of arguments.
TESTS = "--skip=B101,B105,B106,B404,B603,B608"


def bandit(folder: Path, *options: str) -> list[str]:
    """What bandit finds below a folder, of whatever severity, a line each."""
    command = [sys.executable, "-m", "bandit", "--recursive", "--quiet", "--format=json", *options, "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert report["errors"] == [] and report["metrics"]["_totals"]["loc"] > 0
    return [
        f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}" for one in report["results"]
    ]


@pytest.mark.parametrize(
    ("folder", "options"),
    [("extensions", ()), ("tasks", ()), ("scaffold_connector", (STARTS,))],
    ids=lambda one: str(one),
)
def test_code_of_the_template_is_clean_under_bandit(folder: str, options: tuple[str, ...]) -> None:
    assert bandit(ROOT / folder, *options) == []


def completed(renderer: Renderer, answers: Answers) -> Answers:
    """Some answers with Copier's defaults of all others."""
    worker = renderer._worker
    worker.data = answers
    with Phase.use(Phase.PROMPT):
        worker._ask()
    return EMPTY | dict(worker.answers.combined)


def everything() -> Iterator[Answers]:
    """For each service type and connection type a connector with all that it can have, in turn in each placement."""
    known = product(CATALOG.services, NEEDS)
    for (service_type, connection_type), placement in zip(known, cycle(PLACEMENTS), strict=False):
        needs = NEEDS[connection_type]
        if not refusal(service_type, connection_type, "basic", placement):
            auth_types = accepted(CHOICES.auth_types(connection_type, needs.get("scheme", "")))
            yield needs | {
                "name": f"{service_type}_{connection_type}",
                "service_type": service_type,
                "connection_type": connection_type,
                "placement": placement,
                "auth_types": auth_types,
                "capabilities": capabilities(service_type, connection_type),
            }
    for placement in PLACEMENTS:
        yield from ({"placement": placement} | yaml.safe_load(example.read_text()) for example in EXAMPLES)


@pytest.fixture(scope="module")
def emitted(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the Python of many connectors, `code` apart from `tests`, equal texts once."""
    into = tmp_path_factory.mktemp("emitted")
    renderer = Renderer(template)
    seen: set[str] = set()
    for answers in everything():
        for path, text in renderer.files(completed(renderer, answers)).items():
            if path.endswith(".py") and text not in seen:
                seen.add(text)
                kind = "tests" if {"tests", "certification", "preview"} & {*Path(path).parts} else "code"
                file = into / kind / answers["name"] / answers["placement"] / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
    return into


def test_emitted_code_is_clean_under_bandit(emitted: Path) -> None:
    names = {yaml.safe_load(example.read_text())["name"] for example in EXAMPLES}
    assert names <= {folder.name for folder in (emitted / "code").iterdir()}
    assert bandit(emitted / "code") == []


def test_emitted_tests_are_clean_under_bandit(emitted: Path) -> None:
    assert bandit(emitted / "tests", TESTS) == []


def test_emitted_code_silences_nothing(emitted: Path) -> None:
    assert [file for file in emitted.rglob("*.py") if re.search(r"#.*\bnosec\b", file.read_text())] == []


def test_planted_fault_is_found_by_bandit(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("import subprocess\n\nsubprocess.run('ls', shell=True)\n")
    assert any("B602" in line for line in bandit(tmp_path, TESTS))
