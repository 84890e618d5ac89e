"""The picture of a preview in docs/preview.md: what the command says of a small BI tool on loopback.

python -m tests.support.previewed    writes it; OPENMETADATA_PYTHON is the framework's interpreter
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from docs.terminal import terminal
from tests.support.api import Api
from tests.support.python import environment
from tests.support.render import Interview

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs/assets/preview.svg"

ANSWERS: dict[str, Any] = {
    "name": "bi",
    "service_type": "dashboard",
    "auth_types": ["none"],
    "capabilities": ["metadata", "data_models", "owners", "tags"],
    "pagination": "page",
}
ABOUT = {"description": "Of every shop.", "owners": ["ana@example.com"], "tags": ["daily"]}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "dashboards": [{"id": "sales", "name": "Sales"} | ABOUT, {"id": "stock", "name": "Stock"}],
    "charts": [
        {"id": "revenue", "name": "Revenue by month", "type": "line", "dashboard_id": "sales"},
        {"id": "returns", "name": "Returns", "type": "bar", "dashboard_id": "sales"},
        {"id": "shelves", "name": "Empty shelves", "type": "table", "dashboard_id": "stock"},
    ],
    "data_models": [
        {
            "id": "orders",
            "name": "orders",
            "columns": [{"name": "id", "type": "bigint"}, {"name": "amount", "type": "numeric(10,2)"}],
        },
    ],
}
PATHS = {"/dashboards": "dashboards", "/dashboards/{dashboard}/charts": "charts", "/data_models": "data_models"}


def picture(python: Path, template: Path, folder: Path) -> str:
    """The SVG. A package is made in a folder, and its preview is run with an interpreter of the framework."""
    interview = Interview(template)
    for path, text in interview.made(interview.answered(ANSWERS)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    workflow = yaml.safe_load((folder / "workflows/metadata.yaml").read_text(encoding="utf-8"))
    with Api(RECORDS, PATHS, "") as source:
        workflow["source"]["serviceConnection"]["config"]["connectionOptions"]["hostPort"] = source.url
        (folder / "workflows/metadata.yaml").write_text(json.dumps(workflow), encoding="utf-8")
        command = [str(python), "-W", "ignore", "-m", "preview"]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"the preview failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return terminal(["\x1b[1m$ python -m preview\x1b[0m", *done.stdout.splitlines()], "python -m preview")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PICTURE.write_text(picture(Path(os.environ["OPENMETADATA_PYTHON"]), ROOT, Path(name)), encoding="utf-8")
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}\n")
