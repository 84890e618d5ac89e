"""OpenMetadata's Java model, and emitted class converters compiled against it and run.

The model is generated as OpenMetadata's build does, with jsonschema2pojo, from a specification or, where
there is none, from the shapes of catalog/references.yml. ClassConverter and JsonUtils are stand-ins, in
`java/stubs/`: no registry that is known to answer has the server's own (`openmetadata-service` is not on
Maven Central, and `openmetadata-spec` only up to 1.4.0).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from extensions.catalog import Catalog
from tests.support.contrib import ROOT, SPEC, write_schemas
from tests.support.once import expect_files, once

FOLDER = Path(__file__).parent / "java"
SOURCES = Path("openmetadata-service/src/main/java")

_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

# What google-java-format reaches into (its README).
_COMPILER = [
    f"--add-exports=jdk.compiler/com.sun.tools.javac.{package}=ALL-UNNAMED"
    for package in ("api", "code", "file", "parser", "tree", "util")
]


def jars(cache: Path, folder: Path = FOLDER) -> Path:
    """The folder of the jars that a `pom.xml` names, downloaded once.

    Raises CalledProcessError, and ValueError for a jar that is not as `jars.sha256` beside it has it.
    """
    pom, sums = folder / "pom.xml", folder / "jars.sha256"

    def download(into: Path) -> None:
        maven = ["mvn", "--quiet", "--batch-mode", "--strict-checksums", f"--file={pom}"]
        run(*maven, _JARS, f"-DoutputDirectory={into}")
        expect_files(into, sums)

    return once(cache / f"jars-{hashlib.sha256(pom.read_bytes() + sums.read_bytes()).hexdigest()[:12]}", download)


def run(*command: str | Path) -> str:
    """Run a command; gives its output. Raises CalledProcessError, with what it said as a note."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    except subprocess.CalledProcessError as error:
        error.add_note(f"{error.stdout[-5000:]}\n{error.stderr[-5000:]}")
        raise


class Java:
    """Emitted files below `root`, to be compiled with the model of their schemas; `jars` are the libraries."""

    def __init__(self, root: Path, jars: Path) -> None:
        self.root = root
        self.jars = jars

    def write(self, files: Mapping[str, str]) -> None:
        """Add files of a checkout, by path."""
        for place, text in files.items():
            file = self.root / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def compile(self, specification: Path | None = None) -> None:
        """Generate the model, and compile every emitted file and what it uses. Raises CalledProcessError."""
        schemas = self.root / SPEC
        if specification:
            shutil.copytree(specification, schemas, dirs_exist_ok=True, ignore=shutil.ignore_patterns("LICENSE"))
        else:
            write_shapes(schemas)
        model = self.root / "model"
        model.mkdir()
        run("java", *self._libraries, FOLDER / "GenerateModel.java", schemas, model)
        found = [str(file) for file in sorted((self.root / SOURCES).rglob("*.java"))]
        sources = os.pathsep.join(map(str, (model, FOLDER / "stubs")))

        options = ["-proc:none", "-nowarn", "-sourcepath", sources, "-d", str(self.root / "classes")]
        run("javac", *self._libraries, *options, FOLDER / "RoundTrip.java", *found)

    def convert(self, cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Run cases as `java/RoundTrip.java` has them; gives `class` and `connection` of each."""
        file = self.root / "cases.json"
        file.write_text(json.dumps(list(cases)), encoding="utf-8")
        return json.loads(run("java", "-cp", f"{self.root / 'classes'}{os.pathsep}{self.jars}/*", "RoundTrip", file))

    def unformatted(self) -> list[str]:
        """The emitted files that google-java-format would change."""
        (formatter,) = self.jars.glob("google-java-format-*.jar")
        found = sorted((self.root / SOURCES).rglob("*.java"))
        return run("java", *_COMPILER, "-jar", formatter, "--dry-run", *found).split()

    @property
    def _libraries(self) -> list[str]:
        return ["-cp", f"{self.jars}/*"]


def write_shapes(root: Path) -> None:
    """Write the targets of references.yml as schema files below `root`, with their Java classes."""
    write_schemas(root)
    for target in Catalog(ROOT / "catalog").release["targets"].values():
        file = root / target["pointer"].partition("#")[0]
        contents = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(target.get("java"), str):
            file.write_text(json.dumps(contents | {"javaType": target["java"]}), encoding="utf-8")
        # Branches are files of the specification: as part of a oneOf they would have no class.
        for java, shape in zip(target.get("java", ()), target["shape"].get("oneOf", ()), strict=False):
            branch = file.with_name(f"{java.rpartition('.')[2]}.json")
            branch.write_text(json.dumps(shape | {"javaType": java}), encoding="utf-8")
