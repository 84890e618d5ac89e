"""The command scaffold-connector: flags and files in, a connector, an exit code and something to read out."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import copier
import pytest
import yaml
from copier._main import Worker
from copier.errors import UserMessageError
from jsonschema import Draft202012Validator

from scaffold_connector import questions
from scaffold_connector.__main__ import main
from scaffold_connector.template import Origin, origin
from tests.conftest import ROOT
from tests.support.checkout import write_registry
from tests.support.contrib import write_checkout
from tests.support.git import commit, git

SCHEMA = Draft202012Validator(json.loads((ROOT / "docs/scaffold-connector.schema.json").read_text()))
MINIMAL = ["--name", "my_db", "--service-type", "database"]

# As OpenMetadata's page "Scaffold a Connector" has them, without `metadata scaffold-connector`.
DOCUMENTED = {
    "my_olap_db": """
        --name my_olap_db --service-type database --connection-type sqlalchemy --scheme "myolap+pyodbc"
        --default-port 10000 --auth-types basic iam --capabilities metadata lineage usage profiler data_diff
    """,
    "my_bi_tool": """
        --name my_bi_tool --service-type dashboard --auth-types token --docs-url "https://docs.example.com/api/v1"
        --api-endpoints "GET /dashboards, GET /charts, GET /datasources"
        --docs-notes "Uses cursor-based pagination. Rate limit: 100 req/min."
    """,
    "my_orchestrator": """
        --name my_orchestrator --service-type pipeline --connection-type sdk_client --auth-types token
        --sdk-package "my-orchestrator-sdk" --docker-image "myorch/server:latest" --docker-port 8080
    """,
    "clickhouse": """
        --name clickhouse --service-type database --connection-type sqlalchemy --scheme "clickhousedb+connect"
        --auth-types basic --capabilities metadata lineage usage profiler
        --docs-url "https://clickhouse.com/docs/en/interfaces/http" --sdk-package "clickhouse-connect"
        --docker-image "clickhouse/clickhouse-server:latest" --docker-port 8123
    """,
}

Run = Callable[..., "Done"]


class Done:
    """A run of the command: its exit code, and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        data = json.loads(self.out)
        assert not [error.message for error in SCHEMA.iter_errors(data)]
        return dict(data)


@pytest.fixture
def run(template: Path, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in an empty folder: `run(*arguments, template=…)`."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, template: str | None = str(template)) -> Done:
        code = main([*arguments, *(["--template", template] if template else [])])
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return command


def given(arguments: list[str]) -> dict[str, Any]:
    """The answers that flags give, read without the command's own parser."""
    answers: dict[str, Any] = {}
    for argument in arguments:
        if argument.startswith("--"):
            name = argument[2:].replace("-", "_")
            answers[name] = []
        else:
            answers[name].append(argument)
    several = {question.name for question in questions.load() if question.several}
    return {name: values if name in several else values[0] for name, values in answers.items()}


def break_schema(template: Path) -> None:
    """Have a template make schemas that its own check refuses."""
    schema = template / "extensions/schema.py"
    now = schema.read_text()
    broken = now.replace('"title": f"{type_name}Connection"', '"title": "Other"')
    assert broken != now
    schema.write_text(broken)


# ---- What is made ------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_example_runs_as_it_is_printed(name: str, run: Run, tmp_path: Path) -> None:
    arguments = shlex.split(DOCUMENTED[name])
    done = run(*arguments, "--format", "json")
    assert (done.code, done.err) == (0, "")
    kept = yaml.safe_load((tmp_path / done.json["root"] / ".copier-answers.yml").read_text())
    assert {answer: kept[answer] for answer in given(arguments)} == given(arguments)


def test_in_a_checkout_it_makes_a_contribution_and_says_what_knows_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = write_registry(write_checkout(tmp_path / "checkout"))
    monkeypatch.chdir(checkout / "ingestion/src")
    (checkout / "ingestion/setup.py").write_text("nothing = 'as it is known'\n")
    made = run(*MINIMAL, "--format", "json").json
    assert (made["placement"], made["root"], made["package"]) == ("contrib", str(checkout), None)
    assert made["import_name"] == "metadata.ingestion.source.database.mydb"
    service = "openmetadata-spec/src/main/resources/json/schema/entity/services/databaseService.json"
    assert any(line.startswith(f"{service}: added ") for line in made["registration"]["edited"])
    assert [line for line in made["registration"]["by_hand"] if line.startswith("ingestion/setup.py: ")]


def test_json_says_what_is_on_the_disk(run: Run, tmp_path: Path) -> None:
    made = run(*MINIMAL, "--dest", "here", "--display-name", "My DB", "--format", "json").json
    root = tmp_path / "here"
    assert made["root"] == str(root)
    there = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    assert made["files"] == {"written": there, "kept": [], "conflict": [], "removed": []}
    assert made["names"]["title"] == "My DB"
    assert (root / "src" / made["import_name"]).is_dir()
    assert f'name = "{made["package"]}"' in (root / "pyproject.toml").read_text()
    assert made["validation"] == {"valid": True, "faults": []}
    assert all((root / edit["file"]).exists() for edit in made["to_edit"])


def test_summary_shows_files_edits_and_three_commands(run: Run) -> None:
    done = run(*MINIMAL)
    assert done.err == ""
    assert "├── src/openmetadata_my_db/\n│   ├── schema/\n│   │   ├── myDbConnection.json\n" in done.out
    assert "\nTo edit:\n  src/openmetadata_my_db/connection.py\n      `SSL_ARGUMENTS`" in done.out
    after = done.out.split("\nNext:\n")[1].split("\n\n")[0].splitlines()
    assert after == [
        "  cd my-db-connector",
        '  pip install -e ".[dev]"',
        "  pytest",
        "  python -m preview",
    ]


def test_folder_with_blanks_is_quoted_in_the_next_commands(run: Run) -> None:
    assert "\nNext:\n  cd 'my db'\n" in run(*MINIMAL, "--dest", "my db").out


def test_file_that_is_there_stays_and_is_named(run: Run, tmp_path: Path) -> None:
    readme = tmp_path / "here/README.md"
    readme.parent.mkdir()
    readme.write_text("Ours.\n")
    done = run(*MINIMAL, "--dest", "here", "--format", "json")
    assert (done.code, done.json["files"]["conflict"]) == (0, ["README.md"])
    assert readme.read_text() == "Ours.\n"


def test_connector_that_is_made_already_is_left_alone(run: Run, tmp_path: Path) -> None:
    run(*MINIMAL)
    before = (tmp_path / "my-db-connector/.copier-answers.yml").read_text()
    done = run(*MINIMAL, "--description", "Another.")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("my-db-connector/.copier-answers.yml: this connector is made already; --update ")
    assert (tmp_path / "my-db-connector/.copier-answers.yml").read_text() == before


def test_answers_of_another_connector_in_the_folder_are_not_taken(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").write_text("name: other\ndescription: Of another.\n")
    root = tmp_path / run(*MINIMAL, "--format", "json").json["root"]
    assert yaml.safe_load((root / ".copier-answers.yml").read_text())["description"] == "MyDb connection."


def test_fault_in_what_was_written_is_a_line_and_takes_the_folder_away(
    run: Run, template: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(template, broken)
    break_schema(broken)
    done = run(*MINIMAL, "--format", "json", template=str(broken))
    assert done.code == 1
    assert re.fullmatch(r"src/openmetadata_my_db/schema/myDbConnection\.json: /\w+: .*\n", done.err)
    assert done.json["validation"] == {"valid": False, "faults": [done.err.strip()]}
    assert done.json["files"]["written"] == []
    assert not (tmp_path / "my-db-connector").exists()


def test_fault_in_what_was_written_leaves_a_folder_as_it_was(run: Run, template: Path, tmp_path: Path) -> None:
    broken, here = tmp_path / "broken", tmp_path / "here"
    shutil.copytree(template, broken)
    break_schema(broken)
    (here / "src").mkdir(parents=True)
    (here / "README.md").write_text("Ours.\n")
    done = run(*MINIMAL, "--dest", "here", "--format", "json", template=str(broken))
    assert (done.code, done.json["files"]["written"]) == (1, [])
    assert sorted(path.name for path in here.rglob("*")) == ["README.md", "src"]


def test_make_that_is_stopped_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(worker: Worker, tasks: object) -> None:
        assert (tmp_path / "my-db-connector/README.md").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "_execute_tasks", stop)
    done = run(*MINIMAL)
    assert (done.code, done.out, done.err) == (1, "", "stopped\n")
    assert list(tmp_path.iterdir()) == []


# ---- What is refused ---------------------------------------------------------------

REFUSED: list[tuple[str, list[str]]] = [
    (
        "--name My-Db --service-type database --auth-types basic kerberos ldap --default-port high",
        [
            "--name: give small letters, digits and underscores, such as my_db: 'My-Db' is not snake case",
            "--default-port: give a whole number from 1 to 65535: 'high' is not a port",
            "--auth-types: 'kerberos' is not in ['basic', 'iam', 'azure', 'jwt', 'token', 'oauth']",
            "--auth-types: 'ldap' is not in ['basic', 'iam', 'azure', 'jwt', 'token', 'oauth']",
        ],
    ),
    (
        # What depends on the kind of service is not held against it.
        "--name my_db --service-type databse --connection-type sqlalchemy --docs-url x",
        [
            "--service-type: 'databse' is not in ['database', 'dashboard', 'pipeline', 'messaging', 'mlmodel', "
            "'storage', 'search', 'api', 'drive']",
            "--docs-url: give a URL that starts with https:// or http://: 'x' is none",
        ],
    ),
    (
        "--name my_bi --service-type dashboard --pagination page --page-size many --capabilities profiler",
        [
            "--page-size: give a whole number: 'many' is none",
            "--capabilities: leave profiler out: it is not for dashboard over rest_api",
        ],
    ),
    ("--name my_db", ["--service-type: give an answer: there is no default"]),
    ("--name", ["argument --name: expected one argument"]),
    ("--nmae my_db", ["there is no flag --nmae; did you mean --name?"]),
    ("--display-name My DB", ["'DB' belongs to no flag: put text with blanks in quotes"]),
    ("", ["give --name and --service-type, or --answers FILE: without them questions are asked, on a terminal"]),
]


@pytest.mark.parametrize(("arguments", "lines"), REFUSED, ids=[arguments[:40] or "none" for arguments, _ in REFUSED])
def test_each_fault_of_flags_is_a_line_and_nothing_is_written(
    arguments: str, lines: list[str], run: Run, tmp_path: Path
) -> None:
    done = run(*arguments.split())
    assert (done.code, done.out, done.err.splitlines()) == (2, "", lines)
    assert list(tmp_path.iterdir()) == []


FILES: dict[str, tuple[bytes, list[str]]] = {
    "unknown key": (
        b"name: my_db\nservice_type: database\ncapabilites: []\n",
        ["a.yml:3: capabilites is not a question; did you mean capabilities?"],
    ),
    "key like no other": (b"name: my_db\nservice_type: database\nfoo: 1\n", ["a.yml:3: foo is not a question"]),
    "list for text": (b"name: my_db\nservice_type: [database]\n", ["a.yml:2: service_type: give a text, not a list"]),
    "text for list": (
        b"name: my_db\nservice_type: database\nauth_types: basic\n",
        ["a.yml:3: auth_types: give a list, such as [basic]"],
    ),
    "mapping": (b"name: {my: db}\nservice_type: database\n", ["a.yml:1: name: give a text, not a mapping"]),
    "truth": (
        b"name: my_db\nservice_type: database\ndescription: no\n",
        ["a.yml:3: description: YAML reads no as true or false: put it in quotes"],
    ),
    "number that changes": (
        b"name: my_db\nservice_type: database\ndescription: 1.10\n",
        ["a.yml:3: description: YAML reads 1.10 as a number: put it in quotes"],
    ),
    "no answer": (
        b"name: my_db\nservice_type:\n",
        ['a.yml:2: service_type: has no answer: give one, or "" for an empty text'],
    ),
    "list that is none": (
        b'name: my_db\nservice_type: database\nauth_types: "[basic"\n',
        ["a.yml:3: auth_types: give a list, such as [basic]"],
    ),
    "key that is a list": (
        b"? [name, other]\n: my_db\nname: my_db\nservice_type: database\n",
        ["a.yml:1: give the name of a question before the colon, not a list"],
    ),
    "missing key": (b"service_type: database\n", ["a.yml: name: give an answer: there is no default"]),
    "empty": (
        b"",
        [
            "a.yml: name: give an answer: there is no default",
            "a.yml: service_type: give an answer: there is no default",
        ],
    ),
    "duplicate key": (
        b"name: my_db\nservice_type: database\nname: your_db\n",
        ["a.yml:3: name is answered on line 1 already"],
    ),
    "refused": (
        b"name: my_db\nservice_type: database\ndocs_url: x\n",
        ["a.yml:3: docs_url: give a URL that starts with https:// or http://: 'x' is none"],
    ),
    "no YAML": (
        b"name: my_db\nservice_type: [database\nplacement: package\n",
        ["a.yml:3: is not YAML: expected ',' or ']', but got ':'"],
    ),
    "tab": (
        b"name: my_db\n\tservice_type: database\n",
        ["a.yml:2: is not YAML: found character '\\t' that cannot start any token"],
    ),
    "list of answers": (b"- name: my_db\n", ["a.yml: give each answer as a line `question: answer`"]),
    "no UTF-8": (b"name: my_db\ndescription: \xe9\n", ["a.yml: is not UTF-8 (byte 25)"]),
    "several": (
        b"nam: my_db\nservice_type: [database]\nauth_types: basic\n",
        [
            "a.yml: name: give an answer: there is no default",
            "a.yml:1: nam is not a question; did you mean name?",
            "a.yml:2: service_type: give a text, not a list",
            "a.yml:3: auth_types: give a list, such as [basic]",
        ],
    ),
}


@pytest.mark.parametrize("fault", FILES)
def test_each_fault_of_an_answers_file_is_a_line_with_its_place(fault: str, run: Run, tmp_path: Path) -> None:
    contents, lines = FILES[fault]
    (tmp_path / "a.yml").write_bytes(contents)
    done = run("--answers", "a.yml")
    assert (done.code, done.out, done.err.splitlines()) == (2, "", lines)
    assert [path.name for path in tmp_path.iterdir()] == ["a.yml"]


def test_answers_file_may_begin_with_a_byte_order_mark_and_flags_come_before_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xef\xbb\xbfname: my_db\nservice_type: dashboard\ndescription: Of the file.\n")
    root = Path(run("--answers", "a.yml", "--service-type", "database", "--format", "json").json["root"])
    kept = yaml.safe_load((root / ".copier-answers.yml").read_text())
    assert (kept["name"], kept["service_type"], kept["description"]) == ("my_db", "database", "Of the file.")


def test_template_that_is_not_there_is_a_line(run: Run) -> None:
    done = run(*MINIMAL, template="/nowhere")
    assert (done.code, done.out, done.err) == (1, "", "/nowhere: is neither a folder nor a Git repository\n")


def test_repository_that_does_not_answer_is_a_line(run: Run, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/none.git"
    done = run(*MINIMAL, template=url)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(rf"{re.escape(url)}: can't be fetched: .*\n", done.err)


def test_missing_git_is_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = run(*MINIMAL)
    assert (done.code, done.out, done.err) == (1, "", "git is missing: install it, the template is fetched with it\n")


def test_missing_loader_is_a_line(template: Path, tmp_path: Path) -> None:
    code = (
        "import sys, importlib.abc\n"
        "class Without(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'copier_template_extensions': raise ModuleNotFoundError(f'No module named {name!r}')\n"
        "sys.meta_path.insert(0, Without())\n"
        "from scaffold_connector.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *MINIMAL, "--template", str(template)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "copier-template-extensions is missing beside this command: install it there\n"


def test_plain_copier_names_answers_to_no_question_in_a_line(template: Path, tmp_path: Path) -> None:
    data = {"name": "my_db", "service_type": "database", "capabilites": [], "foo": 1}
    with pytest.raises(UserMessageError) as refusal:  # what Copier's own command prints without a traceback
        copier.run_copy(str(template), tmp_path / "out", data=data, defaults=True, unsafe=True, quiet=True)
    assert str(refusal.value) == "capabilites is not a question; did you mean capabilities?; foo is not a question"
    assert not (tmp_path / "out").exists()


def test_destination_that_is_no_folder_is_a_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(*MINIMAL, "--dest", "file")
    assert (done.code, done.out, done.err) == (1, "", "file: is no folder\n")


def test_destination_that_takes_no_files_is_a_line(run: Run) -> None:
    done = run(*MINIMAL, "--dest", "/proc/none")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"/proc/none.*: can't be written: .*\n", done.err)


# ---- Updating ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def releases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The template as a repository with releases 1.0.0 and 1.1.0, and a connector that was made from the first."""
    scratch = tmp_path_factory.mktemp("releases")
    repository, project = scratch / "repository", scratch / "my-db-connector"
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    # The first release asks something that the second does not any more.
    asked = repository / "questions/documentation.yml"
    now = asked.read_text()
    asked.write_text(f"{now}\ngone:\n  type: str\n  help: Asked once\n  default: x\n")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    url = f"git+file://{repository}"
    assert main([*MINIMAL, "--dest", str(project), "--template", url]) == 0
    git(project, "init", "--quiet")
    commit(project, "as made")
    asked.write_text(now)
    source = repository / "partials/connection/sqlalchemy.py.jinja"
    source.write_text(source.read_text().replace("Owns the engine:", "Owns the one engine:"))
    commit(repository, "second")
    git(repository, "tag", "1.1.0")
    git(repository, "checkout", "--quiet", "-b", "broken")
    break_schema(repository)
    commit(repository, "broken")
    git(repository, "checkout", "--quiet", "-")
    return url, project


@pytest.fixture
def released(releases: tuple[str, Path], run: Run, tmp_path: Path) -> tuple[str, Path]:
    """The repository's address, and a connector of release 1.0.0 to be changed."""
    url, made = releases
    return url, shutil.copytree(made, tmp_path / "my-db-connector")


def test_update_names_what_is_in_conflict_and_what_is_new(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    code = project / "src/openmetadata_my_db/connection.py"
    code.write_text(code.read_text().replace("Owns the engine:", "Our engine:"))
    commit(project, "ours")
    done = run("--update", "--name", "my_db", "--format", "json", template=url)
    assert (done.code, done.err) == (0, "")
    updated = done.json
    assert updated["operation"] == "update"
    assert (updated["template"]["before"], updated["template"]["version"]) == ("1.0.0", "1.1.0")
    assert updated["files"]["conflict"] == ["src/openmetadata_my_db/connection.py"]
    assert updated["files"]["written"] == [".copier-answers.yml"]
    assert "README.md" in updated["files"]["kept"]
    assert updated["next_steps"][:3] == ["# settle the conflict markers", "git diff --check", "pytest"]
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        git(project, "diff", "--check")
    assert "connection.py" in refusal.value.stdout
    answers = (project / ".copier-answers.yml").read_text()
    assert "\ngone: " in git(project, "show", "HEAD:.copier-answers.yml") and "\ngone: " not in answers


def test_update_changes_the_answers_that_are_given(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    arguments = ("--update", "--answers", f"{project}/.copier-answers.yml", "--capabilities", "metadata", "lineage")
    updated = run(*arguments, "--format", "json", template=url).json
    assert "workflows/lineage.yaml" in updated["files"]["written"]
    assert git(project, "status", "--porcelain").count("??") == 3


def test_update_to_a_faulty_version_is_a_line_and_leaves_the_connector_as_it_was(
    released: tuple[str, Path], run: Run
) -> None:
    url, project = released
    (project / "README.md").write_text("Ours.\n")
    (project / "workflows/metadata.yaml").unlink()
    commit(project, "ours")
    arguments = ("--update", "--name", "my_db", "--ref", "broken", "--capabilities", "metadata", "profiler")
    done = run(*arguments, "--format", "json", template=url)
    assert done.code == 1
    assert re.fullmatch(r"src/openmetadata_my_db/schema/myDbConnection\.json: /\w+: .*\n", done.err)
    updated = done.json
    assert updated["validation"] == {"valid": False, "faults": [done.err.strip()]}
    assert (updated["names"]["title"], updated["next_steps"]) == ("MyDb", [])
    assert [updated["files"][state] for state in ("written", "conflict", "removed")] == [[], [], []]
    assert git(project, "status", "--porcelain", "--ignored") == ""
    assert not (project / "workflows/metadata.yaml").exists()


def test_update_that_is_stopped_leaves_the_connector_as_it_was(
    released: tuple[str, Path], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, project = released

    def stop(worker: Worker) -> None:
        (project / "README.md").write_text("Half.\n")
        (project / "half/written").mkdir(parents=True)
        (project / "half/written/file").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "run_update", stop)
    done = run("--update", "--name", "my_db", template=url)
    assert (done.code, done.out, done.err) == (1, "", "stopped\n")
    assert git(project, "status", "--porcelain") == ""
    assert not (project / "half").exists()


def test_update_keeps_an_edited_file_that_the_new_version_has_not(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    made = run("--update", "--name", "my_db", "--capabilities", "metadata", "lineage", "--ref", "1.0.0", template=url)
    assert made.code == 0
    commit(project, "with lineage")
    edited, untouched = project / "src/openmetadata_my_db/lineage.py", project / "workflows/lineage.yaml"
    assert untouched.exists()
    edited.write_text(f"{edited.read_text()}# Ours.\n")
    commit(project, "ours")
    done = run("--update", "--name", "my_db", "--capabilities", "metadata", template=url)
    assert (done.code, done.err) == (0, "")
    assert edited.read_text().endswith("# Ours.\n")
    assert not untouched.exists()
    assert "lineage.yaml  (removed)\n" in done.out
    assert "\n  src/openmetadata_my_db/lineage.py\n      The new version has no such file; " in done.out
    assert "conflict markers" not in done.out


@pytest.mark.parametrize(
    ("flag", "other", "own"),
    [
        ("--name", "your_db", "my_db"),
        ("--placement", "contrib", "package"),
        ("--service-type", "dashboard", "database"),
    ],
)
def test_update_refuses_to_make_another_connector_of_it(
    flag: str, other: str, own: str, released: tuple[str, Path], run: Run
) -> None:
    url, project = released
    done = run("--update", "--answers", f"{project}/.copier-answers.yml", flag, other, template=url)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"{flag}: .copier-answers.yml is of {own}, which stays\n"
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("contents", "line"),
    [
        ("name: [my_db\n", "{file}:2: is not YAML: expected ',' or ']', but got '<stream end>'\n"),
        ("- name: my_db\n", "{file}: has no answers, a line `question: answer` for each\n"),
    ],
    ids=["no YAML", "list"],
)
def test_update_from_answers_that_can_t_be_read_is_a_line(contents: str, line: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").write_text(contents)
    done = run("--update")
    assert (done.code, done.out, done.err) == (1, "", line.format(file=tmp_path / ".copier-answers.yml"))
    done = run("--update", "--name", "x")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"{tmp_path}: has no answers file of x; there is .copier-answers.yml\n"


def test_update_says_nothing_of_files_that_were_deleted(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    code = "src/openmetadata_my_db/queries.py"
    (project / code).unlink()
    commit(project, "without")
    updated = run("--update", "--name", "my_db", "--format", "json", template=url).json
    assert code not in [file for files in updated["files"].values() for file in files]
    assert code not in [edit["file"] for edit in updated["to_edit"]] != []


def test_update_refuses_answers_before_anything_changes(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    done = run("--update", "--dest", str(project), "--auth-types", "kerberos", template=url)
    assert (done.code, done.out) == (2, "")
    assert done.err == "--auth-types: 'kerberos' is not in ['basic', 'iam', 'azure', 'jwt', 'token', 'oauth']\n"
    assert git(project, "status", "--porcelain") == ""


def test_update_refuses_an_earlier_answer_that_does_not_hold_any_more(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    recorded = project / ".copier-answers.yml"
    recorded.write_text(recorded.read_text() + "docs_url: nowhere\n")
    commit(project, "an answer of a time when it was taken")
    done = run("--update", "--name", "my_db", template=url)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"\S*docs[_-]url\S* the earlier answer is refused now: give .*'nowhere'.*\n", done.err)
    assert git(project, "status", "--porcelain") == ""


def test_update_runs_no_code_of_a_template_that_was_not_named(released: tuple[str, Path], run: Run) -> None:
    url, _ = released
    done = run("--update", "--name", "my_db", template=None)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"the connector was made from {url}, which is not the template of this command")


def test_update_of_uncommitted_edits_is_a_line(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    (project / "README.md").write_text("Ours.\n")
    done = run("--update", "--name", "my_db", template=url)
    assert (done.code, done.out) == (1, "")
    assert done.err == "my-db-connector: has changes that are not committed; commit or stash them first\n"


def test_update_from_a_commit_that_is_gone_is_a_line(released: tuple[str, Path], run: Run) -> None:
    url, project = released
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("_commit: 1.0.0", "_commit: 0.0.9"))
    commit(project, "another version")
    done = run("--update", "--name", "my_db", template=url)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"{url}: has no 0.0.9 any more, which the connector was made from\n"


def test_update_asks_which_of_several_connectors(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f".copier-answers.{name}.yml").write_text(f"name: {name}\n")
    done = run("--update")
    assert (done.code, done.out, done.err) == (2, "", "give --name: there are one, two\n")


# ---- The command itself ------------------------------------------------------------


@pytest.mark.framework
def test_every_flag_of_the_framework_s_command_is_a_flag(framework: Path) -> None:
    (file,) = framework.parent.parent.glob("lib/*/site-packages/metadata/cmd.py")
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    theirs = {
        call.args[0].value: {keyword.arg: keyword.value for keyword in call.keywords}
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "add_argument"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "scaffold_parser"
        and isinstance(call.args[0], ast.Constant)
    }
    assert "--auth-types" in theirs
    ours = {question.flag: question.several for question in questions.load()}
    assert {flag: "nargs" in options for flag, options in theirs.items()} == {flag: ours[flag] for flag in theirs}


def test_help_imports_nothing_of_copier() -> None:
    code = (
        "import sys; from scaffold_connector.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: sys.exit(', '.join({'copier', 'jinja2', 'importlib.metadata'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.count("\n  --") >= len(questions.load())


COMMIT = "7788bca79e9a245e881b845c9d76391f655b3fc8"


@pytest.mark.parametrize(
    ("direct_url", "expected"),
    [
        (
            {"url": "https://example.com/t.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            Origin("https://example.com/t.git", COMMIT),
        ),
        (
            {"url": "https://example.com/t", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            Origin("git+https://example.com/t", COMMIT),
        ),
        ({"url": ROOT.as_uri(), "dir_info": {"editable": True}}, Origin(str(ROOT), "HEAD")),
        (None, Origin("https://example.com/named.git", "1.2.3")),
    ],
    ids=["repository", "repository without .git", "folder", "index"],
)
def test_template_is_the_one_it_was_installed_from(
    direct_url: dict[str, Any] | None, expected: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Metadata:
        def get_all(self, name: str) -> list[str]:
            return ["Template, https://example.com/named.git"]

    installed = SimpleNamespace(
        read_text=lambda name: json.dumps(direct_url) if direct_url else None, metadata=Metadata(), version="1.2.3"
    )
    monkeypatch.setattr(metadata, "distribution", lambda name: installed)
    assert origin() == expected


def on_terminal(arguments: list[str], until: str, then: bytes, folder: Path) -> tuple[int, str]:
    """Run the command on a terminal of its own, typing `then` when it has printed `until`: exit code and output."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ["PYTHONPATH"], os.environ["TERM"] = str(ROOT), "xterm"
        os.execv(sys.executable, [sys.executable, "-m", "scaffold_connector", *arguments])
    said, typed, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                read = os.read(terminal, 4096)
            except OSError:
                break
            if not read:
                break
            said += read
            if not typed and until.encode() in said:
                typed = True
                os.write(terminal, then)
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), said.decode()


def test_on_a_terminal_it_asks_when_nothing_is_given_and_can_be_stopped(template: Path, tmp_path: Path) -> None:
    code, said = on_terminal(["--template", str(template)], "What is it to be?", b"\x03", tmp_path)
    assert code == 1
    assert "Fetching the template ..." in said
    assert said.rstrip().endswith("stopped")
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_each_stage_is_a_line(template: Path, tmp_path: Path) -> None:
    code, said = on_terminal([*MINIMAL, "--template", str(template)], "never", b"", tmp_path)
    assert code == 0
    stages = re.findall(r"^(\w[\w ]+) \.\.\. \d+\.\d s\r$", said, re.MULTILINE)
    assert stages == ["Fetching the template", "Checking the answers", "Writing and checking the files"]
