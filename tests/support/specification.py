"""OpenMetadata's JSON Schemas, for tests that want the real files."""

from __future__ import annotations

import io
import os
import urllib.request
import zipfile
from pathlib import Path

# The newest one on Maven Central.
ARTIFACT = "https://repo.maven.apache.org/maven2/org/open-metadata/openmetadata-spec/1.4.0/openmetadata-spec-1.4.0.jar"


def specification(cache: Path) -> Path:
    """The folder of the schemas: that of OPENMETADATA_SPEC, or Maven's artifact, fetched once."""
    if given := os.environ.get("OPENMETADATA_SPEC"):
        return Path(given)
    folder = cache / Path(ARTIFACT).stem
    if not folder.is_dir():
        with urllib.request.urlopen(ARTIFACT, timeout=60) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        scratch = folder.with_suffix(f".{os.getpid()}")
        archive.extractall(scratch, [name for name in archive.namelist() if name.startswith("json/schema/")])
        if not folder.is_dir():
            scratch.rename(folder)
    return folder / "json/schema"
