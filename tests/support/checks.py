"""What is checked of rendered files without running them: the validation task, and each language's own parser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from extensions import naming
from extensions.places import places
from tasks import validate

# OpenMetadata's for Java, by google-java-format.
JAVA_LINE_LENGTH = 100

# Modules of a package beside its own: those of its tests, its preview, and its certification.
PACKAGE_MODULES = (
    "arriving",
    "certification",
    "ingestion",
    "openmetadata",
    "package",
    "preview",
    "running",
    "stand_in",
)

# What the emitted pyproject.toml asks of a package, and OpenMetadata's line length of both.
LINT = ["--select=E,F,I,UP,B,SIM,RUF", "--ignore=E501,RUF001", "--target-version=py310", "--line-length=120"]


def evidence(answers: Mapping[str, Any]) -> list[str]:
    """The paths of what the validation task judges: schema, steps, code, sample, and certification of a package."""
    derived = places(answers, vars(naming))
    code = f"{derived['module_dir']}/connection.py"
    return [derived["schema_file"], derived["steps_file"], code, derived["sample_file"], derived["certification_file"]]


def validate_files(files: Mapping[str, str], paths: list[str]) -> int:
    """Write the files at `paths` and the schemas beside them, and run the validation task on them."""
    schema, steps, code, sample, certification = paths
    folders = tuple(f"{Path(path).parent.as_posix()}/" for path in (schema, certification) if path)
    for path in {*filter(None, paths), *(path for path in files if path.startswith(folders))}:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(files[path])
    return validate.main([certification, schema, steps, str(Path(code).parent), sample])


def check_mdx(text: str, path: str) -> None:
    """Check that MDX finds nothing of its own in a page: front matter that is YAML, and Markdown without its signs."""
    start, matter, body = text.split("---\n", 2)
    assert start == "" and set(yaml.load(matter, Loader=yaml.CSafeLoader)) == {"title", "description", "sidebarTitle"}
    left = without_code(body)
    assert "`" not in left, f"{path}: code that does not end"
    sign = re.search(r"(?<!\\)[{}<$]|^(import|export) .*", left, re.MULTILINE)
    assert not sign, f"{path}: {sign[0]}"


def without_code(markdown: str) -> str:
    """Markdown without fenced blocks and code spans."""
    prose = re.sub(r"^(`{3,})\w*\n.*?\n\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", prose)


# Digests of what has passed in this process: the parts of a matrix have most of their texts in common.
_passed: set[bytes] = set()


def check_texts(unique: Mapping[str, str], into: Path, first_party: Iterable[str]) -> None:
    """Parse each text, given with a path of it, in its own language; ruff sees all Python files at once."""
    into.mkdir()
    ours = sorted(first_party)
    digests = {text: sha256(json.dumps([text, path, ours]).encode()).digest() for text, path in unique.items()}
    unseen = {text: path for text, path in unique.items() if digests[text] not in _passed}
    for number, (text, path) in enumerate(unseen.items()):
        assert text == "" or (text.endswith("\n") and not text.endswith("\n\n")), path
        assert not any(line != line.rstrip() for line in text.splitlines()), path
        if path.endswith(".py"):
            compile(text, path, "exec")
            (into / f"f{number}_{Path(path).name}").write_text(text)
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith((".yml", ".yaml")):
            list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        elif path.endswith(".java"):
            # An import can't be broken.
            lines = [line for line in text.splitlines() if not line.startswith("import ")]
            assert max(map(len, lines)) <= JAVA_LINE_LENGTH, path
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith(".md"):
            assert text.count("```") % 2 == 0, path
            assert text.count("\n$$section\n") == text.count("\n$$\n"), path
        elif path.endswith(".mdx"):
            check_mdx(text, path)
        elif path.endswith(".svg"):
            ElementTree.fromstring(text)
    check_style(into, ours)
    _passed.update(digests.values())


def check_style(folder: Path, first_party: Iterable[str]) -> None:
    """Have ruff look at the Python files of a folder, as packages are emitted with it."""
    isort = f"lint.isort.known-first-party={json.dumps(sorted(first_party))}"
    for command in (["check", *LINT, "--config", isort], ["format", "--diff", "--line-length=120"]):
        ruff = [sys.executable, "-m", "ruff", command[0], "--isolated", "--no-cache", *command[1:], str(folder)]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[:20000]
