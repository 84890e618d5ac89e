"""What a package has beside its code: distributions that install, an image, schedules, and pages that are true."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from extensions.catalog import Catalog
from tests.conftest import ROOT, need
from tests.support import systems
from tests.support.distribution import version_of
from tests.support.git import commit, git
from tests.support.once import once
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer
from tests.support.truth import arrived

CATALOG = Catalog(ROOT / "catalog")
SCHEMAS = ("schema/shopConnection.json", "schema/shopTestConnection.json")
KUBERNETES = "1.34"

# Packages with all workflows, with files to read, and with one workflow alone.
ANSWERS: dict[str, dict[str, Any]] = {
    "everything": {
        "scheme": "postgresql+psycopg2",
        "namespace": "database.schema.table",
        "capabilities": ["metadata", "lineage", "usage", "profiler", "data_diff", "dbt"],
        "sdk_package": "psycopg2-binary~=2.9",
    },
    "longest_names": {
        "name": "a_name_of_thirty_characters_xx",
        "scheme": "mysql+pymysql",
        "namespace": "schema.table",
        "auth_types": ["iam"],
        "capabilities": ["metadata", "data_diff", "stored_procedures"],
    },
    "sqlite": {
        "name": "shop",
        "type_name": "Shop",
        "scheme": "sqlite+pysqlite",
        "namespace": "schema.table",
        "auth_types": [],
        "capabilities": ["metadata", "lineage", "usage"],
    },
    "rest": {
        "name": "my_bi",
        "service_type": "dashboard",
        "connection_type": "rest_api",
        "auth_types": ["jwt", "iam", "basic"],
    },
    "sdk": {"name": "my_store", "service_type": "storage", "connection_type": "sdk_client", "auth_types": ["iam"]},
}

Packages = dict[str, dict[str, str]]

# Tests that share what is slow to make stay in one process.
SCHEDULED = pytest.mark.xdist_group("airflow")
BUILT = pytest.mark.xdist_group("distribution")


@pytest.fixture(scope="module")
def packages(template: Path) -> Packages:
    """The files of each package by their paths."""
    renderer = Renderer(template)
    return {name: renderer.files(EMPTY | answers) for name, answers in ANSWERS.items()}


def write(files: dict[str, str], into: Path) -> Path:
    for path, text in files.items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        (into / path).write_text(text, encoding="utf-8")
    return into


def workflows(files: dict[str, str]) -> dict[str, str]:
    """The text of each workflow by its name."""
    return {Path(path).stem: text for path, text in files.items() if path.startswith("workflows/")}


def variables(workflow: str) -> set[str]:
    """The environment variables that a workflow file names."""
    return set(re.findall(r"(?<=env:)\w+|(?<=\$\{)\w+(?=\})", workflow))


# ---- Kubernetes --------------------------------------------------------------------


def cronjobs(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The CronJobs by the workflow that they run, in the order of the file."""
    jobs = list(yaml.safe_load_all(files["deploy/kubernetes/cronjobs.yaml"]))
    return {job["metadata"]["labels"]["app.kubernetes.io/component"].replace("-", "_"): job for job in jobs}


def pod(job: dict[str, Any]) -> dict[str, Any]:
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", ANSWERS)
def test_cronjobs_are_what_the_api_of_kubernetes_takes(name: str, packages: Packages) -> None:
    for job in cronjobs(packages[name]).values():
        kubernetes_validate.validate(job, KUBERNETES, strict=True)
        assert re.fullmatch(r"[a-z][a-z0-9-]{0,50}[a-z0-9]", job["metadata"]["name"])


def test_misspelt_key_of_a_cronjob_is_found(packages: Packages) -> None:
    job = cronjobs(packages["rest"])["metadata"]
    job["spec"]["concurencyPolicy"] = job["spec"].pop("concurrencyPolicy")
    with pytest.raises(kubernetes_validate.ValidationError, match="concurencyPolicy"):
        kubernetes_validate.validate(job, KUBERNETES, strict=True)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_workflow_has_its_cronjob_which_runs_it_as_its_own_head_says(name: str, packages: Packages) -> None:
    told = {
        workflow: re.search(r"^#   (metadata .*)$", text, re.MULTILINE)[1]  # type: ignore[index]
        for workflow, text in workflows(packages[name]).items()
    }
    jobs = cronjobs(packages[name])
    ran = {workflow: " ".join(pod(job)["containers"][0]["command"]) for workflow, job in jobs.items()}
    assert {workflow: command.replace(" /workflows/", " workflows/") for workflow, command in ran.items()} == told


@pytest.mark.parametrize("name", ANSWERS)
def test_secrets_come_from_a_secret_and_are_those_that_the_workflow_names(name: str, packages: Packages) -> None:
    every = set().union(*map(variables, workflows(packages[name]).values()))
    for workflow, job in cronjobs(packages[name]).items():
        (container,) = pod(job)["containers"]
        given = {entry["name"]: entry["valueFrom"]["secretKeyRef"]["key"] for entry in container["env"]}
        # A comparison signs in to the source too, with what the service in OpenMetadata names.
        named = every if workflow == "data_diff" else variables(workflows(packages[name])[workflow])
        assert given == {variable: variable for variable in named}


@pytest.mark.parametrize("name", ANSWERS)
def test_no_cronjob_meets_another_or_itself(name: str, packages: Packages) -> None:
    ends = 0
    for job in cronjobs(packages[name]).values():
        spec = job["spec"]
        minute, hour, *rest = spec["schedule"].split()
        assert rest == ["*", "*", "*"] and spec["concurrencyPolicy"] == "Forbid"
        begins = int(hour) * 3600 + int(minute) * 60
        assert begins >= ends
        ends = begins + spec["startingDeadlineSeconds"] + spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert ends <= 24 * 3600


@pytest.mark.parametrize("name", ANSWERS)
def test_pods_fit_the_restricted_standard_and_are_limited(name: str, packages: Packages) -> None:
    for job in cronjobs(packages[name]).values():
        whole = pod(job)
        (container,) = whole["containers"]
        assert whole["securityContext"]["runAsNonRoot"] is True and whole["securityContext"]["runAsUser"] != 0
        assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]["limits"]) == set(container["resources"]["requests"]) == {"cpu", "memory"}
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in whole["volumes"]}


def test_only_what_reads_files_is_given_files(packages: Packages) -> None:
    given = {
        name: [
            workflow for workflow, job in cronjobs(packages[name]).items() if "workingDir" in pod(job)["containers"][0]
        ]
        for name in ANSWERS
    }
    assert given == {
        "everything": ["dbt"],
        "longest_names": [],
        "sqlite": ["metadata", "lineage", "usage"],
        "rest": [],
        "sdk": [],
    }


# ---- Airflow -----------------------------------------------------------------------

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print(json.dumps([bag.import_errors, {name: {
    "limits": [dag.max_active_runs, dag.max_active_tasks, dag.catchup],
    "tasks": {task.task_id: {
        "command": task.bash_command, "env": task.env, "append": task.append_env, "cwd": task.cwd,
        "timeout": task.execution_timeout.total_seconds(), "after": sorted(task.upstream_task_ids),
    } for task in dag.tasks},
} for name, dag in bag.dags.items()}]))
"""


@pytest.fixture(scope="module")
def airflow(cache: Path) -> Path:
    """An interpreter with the Airflow of OpenMetadata's image."""
    uv = shutil.which("uv")
    need(None if uv else "uv is missing: it comes with `make`")
    version = CATALOG.release["airflow"]

    def make(into: Path) -> None:
        subprocess.run([str(uv), "venv", "--quiet", "--python", sys.executable, str(into)], check=True)
        pip = [str(uv), "pip", "install", "--quiet", "--python", str(into / "bin/python")]
        subprocess.run([*pip, f"apache-airflow=={version}"], check=True)

    return once(cache / f"airflow-{version}", make) / "bin/python"


@pytest.fixture(scope="module")
def dags(airflow: Path, packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the real Airflow makes of the DAGs, by the packages' names; it has to make something of each."""
    home = tmp_path_factory.mktemp("airflow")
    for name, files in packages.items():
        write({path: text for path, text in files.items() if path.startswith("deploy/airflow/")}, home / "dags" / name)
    env = os.environ | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run([airflow, "-c", PARSE, str(home / "dags")], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    errors, found = json.loads(done.stdout.splitlines()[-1])
    assert errors == {}
    names = {f"openmetadata_{answers.get('name', 'my_db')}": name for name, answers in ANSWERS.items()}
    return {names[dag]: facts for dag, facts in found.items()}


@SCHEDULED
@pytest.mark.parametrize("name", ANSWERS)
def test_every_workflow_has_its_task_and_the_metadata_comes_first(
    name: str, dags: dict[str, Any], packages: Packages
) -> None:
    tasks = dags[name]["tasks"]
    told = {
        workflow: re.search(r"^#   (metadata .*)$", text, re.MULTILINE)[1]  # type: ignore[index]
        for workflow, text in workflows(packages[name]).items()
    }
    assert {task: facts["command"] for task, facts in tasks.items()} == told
    assert {task: facts["after"] for task, facts in tasks.items()} == {
        task: [] if task == "metadata" else ["metadata"] for task in told
    }


@SCHEDULED
@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_overlaps_in_airflow(name: str, dags: dict[str, Any]) -> None:
    assert dags[name]["limits"] == [1, 1, False]
    assert all(facts["timeout"] > 0 for facts in dags[name]["tasks"].values())


@SCHEDULED
@pytest.mark.parametrize("name", ANSWERS)
def test_secrets_come_from_connections_and_are_those_of_the_cronjobs(
    name: str, dags: dict[str, Any], packages: Packages
) -> None:
    for workflow, job in cronjobs(packages[name]).items():
        named = [entry["name"] for entry in pod(job)["containers"][0]["env"]]
        task = dags[name]["tasks"][workflow]
        assert task["env"] == {variable: f"{{{{ conn.{variable.lower()}.password }}}}" for variable in named}
        assert task["append"] is True


@SCHEDULED
def test_tasks_run_in_the_folder_of_the_dag(dags: dict[str, Any]) -> None:
    assert {name: {Path(facts["cwd"]).name for facts in dag["tasks"].values()} for name, dag in dags.items()} == {
        name: {"airflow"} for name in ANSWERS
    }


# ---- The image ---------------------------------------------------------------------


def hadolint(text: str) -> str:
    """What hadolint says of a Dockerfile; empty where it finds nothing."""
    tool = shutil.which("hadolint")
    need(None if tool else "hadolint is missing: run `make test`")
    done = subprocess.run([str(tool), "--no-color", "-"], input=text, capture_output=True, text=True)
    assert (done.returncode == 0) == (done.stdout + done.stderr == "")
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ANSWERS)
def test_dockerfile_is_clean_under_hadolint(name: str, packages: Packages) -> None:
    assert hadolint(packages[name]["Dockerfile"]) == ""


def test_planted_fault_is_found_by_hadolint(packages: Packages) -> None:
    assert "DL3042" in hadolint(packages["rest"]["Dockerfile"].replace(" --no-cache-dir", ""))


def test_image_has_every_extra_and_is_of_the_release_that_is_depended_on(packages: Packages) -> None:
    dockerfile = packages["everything"]["Dockerfile"]
    project = tomllib.loads(packages["everything"]["pyproject.toml"])["project"]
    (extras,) = re.findall(r"whl\)\[(.*)\]", dockerfile)
    assert [*extras.split(","), "dev"] == list(project["optional-dependencies"])
    (tag,) = re.findall(r"^ARG OPENMETADATA=(.*)$", dockerfile, re.MULTILINE)
    framework = Requirement(project["dependencies"][0])
    assert framework.specifier.contains(tag)
    assert f"ARG BASE={CATALOG.release['images']['runner']}\n" in dockerfile


@pytest.mark.framework
def test_airflow_is_that_of_the_framework(framework: Path) -> None:
    code = "from importlib.metadata import requires; print('\\n'.join(requires('openmetadata-ingestion')))"
    done = subprocess.run([framework, "-c", code], check=True, capture_output=True, text=True)
    assert f'apache-airflow=={CATALOG.release["airflow"]}; extra == "airflow"' in done.stdout.splitlines()


# ---- The distribution --------------------------------------------------------------


def steps(files: dict[str, str], job: str) -> dict[str, str]:
    """The commands of a job of the release workflow, by their names, or by themselves where they have none."""
    found = yaml.safe_load(files[".github/workflows/release.yml"])["jobs"][job]["steps"]
    return {step.get("name", step["run"]): step["run"] for step in found if "run" in step}


def shell(command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a step's commands as GitHub would, with the tools of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    bash = ["bash", "-e", "-c", command]
    return subprocess.run(bash, cwd=folder, env=os.environ | {"PATH": path} | env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def released(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package in a repository of its own, tagged v1.2.3 and built by the release workflow's command."""
    root = write(packages["sqlite"], tmp_path_factory.mktemp("released") / "shop")
    git(root, "init", "--quiet")
    commit(root, "as made")
    git(root, "tag", "v1.2.3")
    # uv fills the environment that it is built in, which takes pip seconds.
    done = shell(steps(packages["sqlite"], "build")["python -m build"] + " --installer uv", root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@BUILT
def test_wheel_and_source_distribution_have_the_version_of_the_tag(released: Path) -> None:
    stem = "openmetadata_ingestion_connector_shop-1.2.3"
    assert sorted(path.name for path in (released / "dist").iterdir()) == [f"{stem}-py3-none-any.whl", f"{stem}.tar.gz"]


@BUILT
def test_wheel_holds_the_schemas_and_nothing_but_the_package(released: Path) -> None:
    (wheel,) = (released / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"openmetadata_shop/{schema}" for schema in SCHEMAS} <= set(names)
    assert {name.partition("/")[0] for name in names} == {
        "openmetadata_shop",
        "openmetadata_ingestion_connector_shop-1.2.3.dist-info",
    }


@BUILT
def test_source_distribution_holds_what_the_repository_does(released: Path) -> None:
    (archive,) = (released / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {member.name.partition("/")[2] for member in opened.getmembers()}
    assert held == {*git(released, "ls-files").split(), "PKG-INFO"}


@BUILT
def test_both_pass_the_checks_of_the_release(released: Path, packages: Packages) -> None:
    done = shell(steps(packages["sqlite"], "build")["twine check --strict dist/*"], released)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


@BUILT
@pytest.mark.parametrize(("tag", "same"), [("v1.2.3", True), ("v1.2.4", False)])
def test_release_stops_where_the_version_is_not_that_of_the_tag(
    tag: str, same: bool, released: Path, packages: Packages
) -> None:
    step = steps(packages["sqlite"], "build")["Compare the version with the tag"]
    assert (shell(step, released, TAG=tag).returncode == 0) == same


def test_scaffold_without_a_repository_has_a_version(packages: Packages, tmp_path: Path) -> None:
    assert version_of(write(packages["sqlite"], tmp_path / "shop"), tmp_path) == Version("0.1.0.dev0")


def test_scaffold_inside_another_repository_takes_none_of_its_tags(packages: Packages, tmp_path: Path) -> None:
    root = write(packages["sqlite"], tmp_path / "all/connectors/shop")
    git(tmp_path / "all", "init", "--quiet")
    commit(tmp_path / "all", "as made")
    git(tmp_path / "all", "tag", "v7.0.0")
    assert version_of(root, tmp_path) == Version("0.1.0.dev0")


@BUILT
def test_commit_without_and_after_a_tag_has_a_development_version(released: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(released), "clone")
    clone = tmp_path / "clone"
    (clone / "NOTE.md").write_text("After the release.\n")
    commit(clone, "a note")
    after = version_of(clone, tmp_path)
    assert after.is_devrelease and after.release == (1, 2, 4)
    git(clone, "tag", "--delete", "v1.2.3")
    before = version_of(clone, tmp_path)
    assert before.is_devrelease and before < Version("0.1.0.1")


# ---- An empty environment ----------------------------------------------------------


@pytest.fixture(scope="module")
def fresh(released: Path, framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel and what that requires, openmetadata-ingestion among it."""
    uv = shutil.which("uv")
    need(None if uv else "uv is missing: it comes with `make`")
    into = tmp_path_factory.mktemp("temporary") / "fresh"
    (wheel,) = (released / "dist").glob("*.whl")
    subprocess.run([str(uv), "venv", "--quiet", "--python", str(framework), str(into)], check=True)
    pip = [str(uv), "pip", "install", "--quiet", "--python", str(into / "bin/python")]
    subprocess.run([*pip, "--override", str(ROOT / "tests/locks/ingestion.overrides"), str(wheel)], check=True)
    return into


@BUILT
@pytest.mark.framework
@pytest.mark.real
def test_installed_into_an_empty_environment_metadata_ingest_finds_it(
    fresh: Path, packages: Packages, schemas: Path, tmp_path: Path
) -> None:
    with systems.sqlite(tmp_path / "shop.db") as shop, RecordingServer(schemas) as server:
        workflow = yaml.safe_load(packages["sqlite"]["workflows/metadata.yaml"])
        workflow["source"]["serviceConnection"]["config"]["connectionOptions"]["databaseFile"] = str(shop.path)
        workflow["workflowConfig"]["openMetadataServerConfig"]["hostPort"] = server.url
        (tmp_path / "metadata.yaml").write_text(yaml.safe_dump(workflow))
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [fresh / "bin/metadata", "ingest", "-c", "metadata.yaml"],
            cwd=tmp_path,
            env=env | {"OPENMETADATA_JWT_TOKEN": "token", "NO_PROXY": "127.0.0.1,localhost"},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, server.faults) == (0, []), done.stdout + done.stderr
        assert {"Order Lines", "Low Stock"} <= set(arrived(server)["default"]["main"])


@BUILT
@pytest.mark.framework
@pytest.mark.real
def test_bill_of_materials_names_the_connector_and_the_framework(
    fresh: Path, packages: Packages, tmp_path: Path
) -> None:
    made = steps(packages["sqlite"], "build")["List what a fresh installation consists of"]
    done = shell(made[made.index("cyclonedx-py") :], tmp_path, RUNNER_TEMP=str(fresh.parent))
    assert done.returncode == 0, done.stderr
    bill = json.loads((tmp_path / "openmetadata-ingestion-connector-shop.cdx.json").read_text())
    found = {component["name"]: component["version"] for component in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert found["openmetadata-ingestion-connector-shop"] == "1.2.3"
    assert {"openmetadata-ingestion", "sqlalchemy"} <= {name.lower() for name in found}


# ---- The pages ---------------------------------------------------------------------

# What pydantic says of a value, which stands in no file of the package.
OF_PYDANTIC = {"field required", "input should be"}

FRAMEWORK = """
import inspect, json, sys
from importlib import import_module
from metadata.core.connections.test_connection.network import NETWORK_ERRORS
from metadata.ingestion.ometa.mixins.server_mixin import OMetaServerMixin
from metadata.workflow.workflow_init_error_handler import WorkflowInitErrorHandler
deletion = {}
for name, model in json.loads(sys.argv[1]).items():
    module = import_module(f"metadata.generated.schema.metadataIngestion.{name}ServiceMetadataPipeline")
    fields = getattr(module, model).model_fields
    deletion[name] = [field for field in fields if field.startswith("markDeleted") and fields[field].default is True]
print(json.dumps({
    "deletion": deletion,
    "network": [rule.diagnosis.title for rule in NETWORK_ERRORS._rules],
    "server": inspect.getsource(OMetaServerMixin),
    "start": inspect.getsource(WorkflowInitErrorHandler),
}))
"""


def section(page: str, title: str) -> str:
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[list[str]]:
    """What stands as code in the first cell of each row of the tables in a text."""
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return [found for row in rows if (found := re.findall(r"`([^`]+)`", row))]


@pytest.mark.parametrize("name", ANSWERS)
def test_everything_that_the_settings_refuse_is_explained_and_nothing_else(name: str, packages: Packages) -> None:
    page = packages[name]["docs/troubleshooting.md"]
    (module,) = (text for path, text in packages[name].items() if path.endswith("/settings.py"))
    explained = {text for row in first_cells(section(page, "The settings")) for text in row} - OF_PYDANTIC
    assert {text for text in explained if text not in module} == set()
    refusals = re.findall(r"SettingsError\(\s*(f?[\"'].*?[\"'])\s*\)", module)
    assert len(refusals) == module.count("raise SettingsError(")
    # The last one says what pydantic says.
    assert [text for text in refusals if not any(known in text for known in explained)] == [
        text for text in refusals if "fault['msg']" in text
    ]


@pytest.mark.parametrize("name", ANSWERS)
def test_everything_that_the_connection_diagnoses_is_explained(name: str, packages: Packages) -> None:
    (module,) = (text for path, text in packages[name].items() if path.endswith("/connection.py"))
    titles = re.findall(r"\.diagnose\(\s*\"(.*)\",\n", module)
    assert len(titles) == module.count(".diagnose(")
    page = section(packages[name]["docs/troubleshooting.md"], "The source")
    assert [title for title in titles if f" | {title} | " not in page] == []
    assert len(re.findall(r" \| .+ \| .+ \|$", page.split("Of the network")[0], re.MULTILINE)) == len(titles) + 1


@pytest.mark.framework
def test_words_of_the_framework_are_those_that_it_says(warm: Warm, tmp_path: Path, packages: Packages) -> None:
    models = {
        name: facts["source_config"].replace("Metadata", "ServiceMetadataPipeline")
        for name, facts in CATALOG.services.items()
    }
    said = warm.run_script(tmp_path, FRAMEWORK, json.dumps(models))
    assert said["deletion"] == {name: list(facts["deletion"]) for name, facts in CATALOG.services.items()}
    assert said["network"] == [error["title"] for error in CATALOG.errors["network"]]
    assert [error["says"] for error in CATALOG.errors["server"] if error["says"] not in said["server"]] == []
    assert "Error initializing" in said["start"] and "Error initializing" in packages["rest"]["docs/runbook.md"]


@pytest.mark.parametrize("name", ANSWERS)
def test_runbook_makes_what_the_schedules_refer_to(name: str, packages: Packages) -> None:
    runbook = packages[name]["docs/runbook.md"]
    pods = [pod(job) for job in cronjobs(packages[name]).values()]
    (config,) = {volume["configMap"]["name"] for whole in pods for volume in whole["volumes"] if "configMap" in volume}
    assert f"kubectl create configmap {config} --from-file=workflows\n" in runbook
    references = {
        (entry["valueFrom"]["secretKeyRef"]["name"], entry["name"])
        for whole in pods
        for entry in whole["containers"][0]["env"]
    }
    ((secret, keys),) = {(secret, frozenset(key for _, key in references)) for secret, _ in references}
    assert f"kubectl create secret generic {secret} " in runbook
    assert set(re.findall(r"--from-literal=(\w+)=", runbook)) == keys
    assert set(re.findall(r"airflow connections add (\w+) ", runbook)) == {key.lower() for key in keys}
    claims = {volume["persistentVolumeClaim"]["claimName"] for whole in pods for volume in whole["volumes"][2:]}
    assert claims == set(re.findall(r"claim `(.*?)`", runbook))


def test_links_of_the_pages_lead_to_files_that_are_there(packages: Packages) -> None:
    for files in packages.values():
        for path in ("README.md", "CONTRIBUTING.md", "docs/runbook.md", "docs/troubleshooting.md"):
            links = re.findall(r"\]\((?!https?:)([^)#]+)", files[path])
            places = [os.path.normpath(Path(path).parent / link) for link in links]
            assert [place for place in places if place not in files] == []


@pytest.mark.parametrize("workflow", ["lineage", "usage", "profiler", "data_diff", "dbt"])
def test_capability_that_was_not_chosen_is_in_no_schedule_and_on_no_page(workflow: str, packages: Packages) -> None:
    beside = {
        path: text
        for path, text in packages["rest"].items()
        if path.startswith(("deploy/", "docs/", "Dockerfile", ".github/"))
    }
    assert [path for path, text in beside.items() if re.search(rf"\b{workflow}\b", text.replace("-", "_"))] == []


def test_contribution_has_none_of_it(template: Path) -> None:
    files = Renderer(template).files(EMPTY | ANSWERS["everything"] | {"placement": "contrib"})
    named = re.compile(r"Dockerfile|\.dockerignore|cronjobs|_dag\.py|runbook|troubleshooting\.md|CONTRIBUTING")
    assert [path for path in files if named.search(path)] == []
    assert [path for path, text in files.items() if named.search(text)] == []
