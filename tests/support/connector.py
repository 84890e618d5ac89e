"""A scaffolded connector made ready to run: a package beside the framework, or a contribution laid over it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from extensions import naming
from tests.support.contrib import lay_over

Json = dict[str, Any]


@dataclass(frozen=True)
class Connector:
    """A connector that can be imported: `pythonpath` first, then the framework's own packages."""

    root: Path
    name: str
    placement: str
    pythonpath: Path
    service_type: str = "database"

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

    def run_tests(self, framework: Path) -> subprocess.CompletedProcess[str]:
        """Run the emitted tests in the framework's interpreter, as their author would."""
        command = [str(framework), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(self.tests)]
        environment = os.environ | {"PYTHONPATH": str(self.pythonpath)}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=180)

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


def answered_type(root: Path, name: str, placement: str) -> str:
    """What the service is called in OpenMetadata, as it was answered or follows from the name."""
    answers = root / (".copier-answers.yml" if placement == "package" else f".copier-answers.{name}.yml")
    return str(yaml.safe_load(answers.read_text(encoding="utf-8"))["type_name"])


def install(
    root: Path, name: str, placement: str, framework: Path, scratch: Path, service_type: str = "database"
) -> Connector:
    """Make a scaffold importable with the framework: its wheel installed in a folder, or an overlay."""
    if placement == "package":
        site = scratch / "site"
        pip = ["uv", "pip", "install", "--quiet", "--python", str(framework), "--target", str(site), "--no-deps"]
        subprocess.run([*pip, str(root)], check=True, capture_output=True)
        return Connector(root, name, placement, site, service_type)
    overlay = lay_over(root, framework, scratch / "overlay", [(service_type, answered_type(root, name, placement))])
    return Connector(root, name, placement, overlay, service_type)
