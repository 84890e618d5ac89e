"""Runs workflows with the framework's own command, in this process, into the stand-in for OpenMetadata."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from metadata.cmd import metadata

from openmetadata import OpenMetadataServer
from package import ROOT

# The metadata workflow as it is shipped.
WORKFLOW = yaml.safe_load((ROOT / "workflows/metadata.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Run:
    """What a run of `metadata ingest` left: its exit status, and all that it logged and printed."""

    status: int
    output: str


def ingest(source: dict[str, Any], server: OpenMetadataServer, level: str = "INFO") -> Run:
    """Run the workflow as it is shipped with a `source`, sent to a server."""
    place = {"hostPort": server.url, "securityConfig": {"jwtToken": "token"}}
    settings = WORKFLOW["workflowConfig"]
    known = settings["openMetadataServerConfig"]
    workflow = WORKFLOW | {
        "source": source,
        "workflowConfig": settings | {"loggerLevel": level, "openMetadataServerConfig": known | place},
    }
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    logging.getLogger().addHandler(handler)
    status = 0
    with (
        tempfile.TemporaryDirectory(prefix="ingest-") as folder,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        path = Path(folder, "workflow.yaml")
        path.write_text(json.dumps(workflow), encoding="utf-8")
        try:
            metadata(["ingest", "-c", str(path)])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except Exception:
            traceback.print_exc()
            status = 1
        finally:
            logging.getLogger().removeHandler(handler)
    return Run(status, output.getvalue())
