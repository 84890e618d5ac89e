"""What has to be shown: certification.yaml, as certification.schema.json describes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "certification/certification.yaml"

# What a report is about, besides the report itself.
INPUTS = ("src", "tests", "workflows", "config", "certification", "pyproject.toml")


class ManifestError(ValueError):
    """The manifest can't be used. The message is one line: file, key and what is wrong."""


def load() -> dict[str, Any]:
    """The manifest. Raises ManifestError."""
    name = MANIFEST.relative_to(ROOT).as_posix()
    try:
        manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"{name}: can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ManifestError(f"{name}: is not YAML: {' '.join(str(error).split())}") from error
    if fault := first_fault(manifest, "certification.schema.json"):
        raise ManifestError(f"{name}: {fault}")
    return manifest


def first_fault(document: Any, schema: str) -> str:
    """What a schema of this folder has against a document, first by place; empty where nothing."""
    rules = json.loads((Path(__file__).parent / schema).read_text(encoding="utf-8"))
    for error in sorted(Draft7Validator(rules).iter_errors(document), key=lambda error: list(map(str, error.path))):
        return f"/{'/'.join(map(str, error.absolute_path))}: {' '.join(error.message.split())}"
    return ""


def checks(manifest: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each check: its id, its title, and its section of the manifest."""
    for name, gate in manifest["gates"].items():
        yield f"gates.{name}", gate["title"], gate
    for name, section in manifest["capabilities"].items():
        yield f"capabilities.{name}", f"The capability {name}", section


def of_real_source(manifest: dict[str, Any]) -> dict[str, Any]:
    """The gates that are shown of a real source, too; none for what reads no source."""
    return {name: gate for name, gate in manifest["gates"].items() if gate["of_real_source"]}


def digest(manifest: dict[str, Any]) -> str:
    """SHA-256 over the files that a report is about, by name and contents."""
    reports = {ROOT / path for path in manifest["evidence"].values()}
    total = hashlib.sha256()
    for place in INPUTS:
        found = [ROOT / place] if (ROOT / place).is_file() else sorted((ROOT / place).rglob("*"))
        for path in found:
            if path.is_file() and path not in reports and path.suffix != ".pyc" and ".egg-info" not in str(path):
                total.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()
