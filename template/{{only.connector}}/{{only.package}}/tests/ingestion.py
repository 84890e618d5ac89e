"""Runs workflows with the framework's own command into the stand-in for OpenMetadata."""

from __future__ import annotations

from typing import Any

import yaml
from metadata.cmd import metadata

from openmetadata import OpenMetadataServer
from package import ROOT
from running import Run, run

# The metadata workflow as it is shipped.
WORKFLOW = yaml.safe_load((ROOT / "workflows/metadata.yaml").read_text(encoding="utf-8"))


def ingest(source: dict[str, Any], server: OpenMetadataServer, level: str = "INFO") -> Run:
    """Run the workflow as it is shipped with a `source`, sent to a server."""
    place = {"hostPort": server.url, "securityConfig": {"jwtToken": "token"}}
    settings = WORKFLOW["workflowConfig"]
    known = settings["openMetadataServerConfig"]
    workflow = WORKFLOW | {
        "source": source,
        "workflowConfig": settings | {"loggerLevel": level, "openMetadataServerConfig": known | place},
    }
    return run(metadata, "ingest", workflow)
