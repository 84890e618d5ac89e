"""A scaffolded connector made ready to run: a package beside the framework, or a contribution laid over it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from extensions import naming
from tests.support.contrib import join, lay_over
from tests.support.openmetadata import Connection, IngestRun, RecordingServer, connection_schema, ingest
from tests.support.python import Warm, environment

Json = dict[str, Any]

# Runs in the framework's interpreter, as `python -m pytest` does there.
PYTEST = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
PYTEST_OPTIONS = ("-q", "-p", "no:cacheprovider")

# Emitted tests that take as long as all others together; test_certification.py runs them for each service type.
SLOW = tuple(f"--ignore=tests/test_{name}.py" for name in ("contract", "faults", "package"))


@dataclass(frozen=True)
class Connector:
    """A connector that can be imported: `pythonpath` first, then the framework's own packages."""

    root: Path
    name: str
    placement: str
    pythonpath: Path
    framework: Path
    service_type: str = "database"
    # Has imported the framework already, and the overlay of a contribution with it.
    warm: Warm | None = None

    @property
    def is_package(self) -> bool:
        return self.placement == "package"

    @property
    def type_name(self) -> str:
        return answered_type(self.root, self.name, self.placement)

    @property
    def tests(self) -> Path:
        """What pytest is given to run the emitted tests."""
        if self.is_package:
            return self.root / "tests"
        return self.root / f"ingestion/tests/unit/topology/{self.service_type}/test_{self.type_name.lower()}.py"

    def run_tests(self, warm: Warm | None = None) -> subprocess.CompletedProcess[str]:
        """Run the emitted tests in the framework's interpreter, as their author would; of a package in a `warm` one."""
        if warm and self.is_package:
            return warm.run(
                PYTEST, *PYTEST_OPTIONS, *SLOW, str(self.tests), pythonpath=[self.pythonpath], cwd=self.root
            )
        return run_tests([self])

    @property
    def definitions(self) -> dict[str, Json]:
        """The test-connection definitions that the server has to know: none for a package, which brings its own."""
        if self.is_package:
            return {}
        folder = self.root / "openmetadata-service/src/main/resources/json/data/testConnections" / self.service_type
        return {self.type_name: json.loads((folder / f"{naming.camel(self.name)}.json").read_text())}

    def workflow(self, kind: str = "metadata") -> Json:
        """A workflow that was scaffolded, as data."""
        if self.is_package:
            file = self.root / f"workflows/{kind}.yaml"
        else:
            suffix = "" if kind == "metadata" else f"_{kind}"
            file = self.root / f"ingestion/src/metadata/examples/workflows/{self.name}{suffix}.yaml"
        return yaml.safe_load(file.read_text())

    def pointed(self, server: RecordingServer, kind: str = "metadata", **settings: Any) -> Json:
        """A workflow that was scaffolded, sent to `server`, with settings of its connection changed if it holds one."""
        workflow = self.workflow(kind)
        if "serviceConnection" in workflow["source"]:
            config = workflow["source"]["serviceConnection"]["config"]
            (config["connectionOptions"] if self.is_package else config).update(settings)
        workflow["workflowConfig"]["openMetadataServerConfig"]["hostPort"] = server.url
        return workflow

    def ingest(self, workflow: Json, *, command: str = "ingest", **secrets: str) -> IngestRun:
        """Run a workflow with the real `metadata`. A secret `password` is what `NAME_PASSWORD` is to say."""
        named = {f"{self.name}_{secret}".upper(): value for secret, value in secrets.items()}
        return ingest(
            self.framework,
            workflow,
            command=command,
            env={"OPENMETADATA_JWT_TOKEN": "token"} | named,
            pythonpath=[self.pythonpath],
            warm=self.warm,
        )

    def server(self, schemas: Path, warm: Warm) -> RecordingServer:
        """A server that knows this connector. `schemas` are those of the release."""
        if self.is_package:
            return RecordingServer(schemas)
        return RecordingServer(schemas, self.definitions, [self.connection(warm)])

    def connection(self, warm: Warm) -> Connection:
        """What a contribution adds to the schemas of the release."""
        module = f"{naming.camel(self.name)}Connection"
        return connection_schema(warm, self.pythonpath, self.service_type, module, self.type_name)


class Deploy(Protocol):
    """What the fixture `deploy` gives: a connector of some answers, ready to run below `scratch`.

    `edit` is done to the scaffold's folder before it is installed.
    """

    def __call__(
        self, answers: Json, placement: str, scratch: Path, edit: Callable[[Path], None] | None = None
    ) -> Connector: ...


def run_tests(connectors: list[Connector]) -> subprocess.CompletedProcess[str]:
    """Run the emitted tests of connectors that share a root and a path, in a fresh interpreter of the framework."""
    root, path, framework = connectors[0].root, connectors[0].pythonpath, connectors[0].framework
    command = [str(framework), "-m", "pytest", *PYTEST_OPTIONS, *(str(one.tests) for one in connectors)]
    return subprocess.run(command, cwd=root, env=environment([path]), capture_output=True, text=True, timeout=180)


def assert_passed(done: subprocess.CompletedProcess[str]) -> None:
    """Emitted tests were run, and all of them passed."""
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


def answered_type(root: Path, name: str, placement: str) -> str:
    """What the service is called in OpenMetadata, as it was answered or follows from the name."""
    answers = root / (".copier-answers.yml" if placement == "package" else f".copier-answers.{name}.yml")
    return str(yaml.safe_load(answers.read_text(encoding="utf-8"))["type_name"])


def install(
    root: Path,
    name: str,
    placement: str,
    framework: Path,
    scratch: Path,
    service_type: str = "database",
    warm: Warm | None = None,
) -> Connector:
    """Make a scaffold importable with the framework: its wheel installed in a folder, or an overlay."""
    if placement == "contrib":
        return contribute(root, [(service_type, name)], framework, scratch)[0]
    site = scratch / "site"
    pip = ["uv", "pip", "install", "--quiet", "--python", str(framework), "--target", str(site), "--no-deps"]
    subprocess.run([*pip, str(root)], check=True, capture_output=True)
    if (site / "metadata").is_dir():
        join(site / "metadata", framework)
        # What has imported the framework already does not look there.
        warm = None
    return Connector(root, name, placement, site, framework, service_type, warm)


def contribute(root: Path, connectors: list[tuple[str, str]], framework: Path, scratch: Path) -> list[Connector]:
    """Lay connectors of one checkout, each by service type and name, over the framework together."""
    types = [(service_type, answered_type(root, name, "contrib")) for service_type, name in connectors]
    overlay = lay_over(root, framework, scratch / "overlay", types)
    warm = _warm(framework, overlay)
    return [
        Connector(root, name, "contrib", overlay, framework, service_type, warm) for service_type, name in connectors
    ]


# The interpreters with an overlay that were used last; each takes 400 MiB.
_overlays: list[Warm] = []


def _warm(framework: Path, overlay: Path) -> Warm:
    """An interpreter with an overlay, which starts with its first script; those before the last one are ended."""
    _overlays.append(Warm(framework, overlay))
    for old in _overlays[:-2]:
        old.close()
    del _overlays[:-2]
    return _overlays[-1]
