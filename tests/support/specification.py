"""OpenMetadata's JSON Schemas, for tests that want the real files."""

from __future__ import annotations

import io
import os
import urllib.request
import zipfile
from pathlib import Path

from tests.support.once import expect, once

# The newest one on Maven Central.
ARTIFACT = "https://repo.maven.apache.org/maven2/org/open-metadata/openmetadata-spec/1.4.0/openmetadata-spec-1.4.0.jar"
SHA256 = "4dcf3e603298652a57caaaf23922b16ec2e0153761c5f280019afba47759350a"


def specification(cache: Path) -> Path:
    """The folder of the schemas: that of OPENMETADATA_SPEC, or Maven's artifact, fetched once."""
    if given := os.environ.get("OPENMETADATA_SPEC"):
        return Path(given)
    return once(cache / Path(ARTIFACT).stem, _fetch) / "json/schema"


def _fetch(folder: Path) -> None:
    with urllib.request.urlopen(ARTIFACT, timeout=60) as answer:
        contents = answer.read()
    expect(contents, SHA256, ARTIFACT)
    archive = zipfile.ZipFile(io.BytesIO(contents))
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith("json/schema/")])
