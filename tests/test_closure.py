"""All that a checkout says of registered connectors generates into models, which take their workflows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.checkout import CATALOG, SPECIFICATION, write_registry
from tests.support.contrib import generate_models, with_secrets
from tests.support.python import Warm
from tests.support.registration import contribution, run
from tests.support.render import EMPTY, Renderer

WORKFLOW = "metadataIngestion/workflow.json"

# Validates the source of each workflow, given as JSON, and prints the class that its connection has become.
VALIDATE = """
import json, sys
from closure.metadataIngestion.workflow import Source
found = [Source.model_validate(source) for source in json.loads(sys.argv[1])]
print(json.dumps([type(source.serviceConnection.root.config).__name__ for source in found]))
"""


def closure(root: Path, start: str) -> set[Path]:
    """The schemas that one refers to, directly or through others, by their place below `root`."""
    seen: set[Path] = set()
    waiting = [root / start]
    while waiting:
        file = waiting.pop().resolve()
        if file not in seen:
            seen.add(file)
            targets = [target.partition("#")[0] for target in references(json.loads(file.read_text(encoding="utf-8")))]
            waiting += [file.parent / target for target in targets if target]
    return {file.relative_to(root.resolve()) for file in seen}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.framework
def test_closure_generates_and_workflows_of_the_new_types_are_accepted(
    template: Path, real: Path, warm: Warm, tmp_path: Path
) -> None:
    """One connector of each service type that the specification has, in one checkout."""
    known = [name for name, service in CATALOG.services.items() if (real / service["service_schema"]).is_file()]
    # Maven Central's newest specification is older than these.
    assert set(CATALOG.services) - set(known) <= {"api", "drive"}
    checkout = write_registry(tmp_path / "checkout", real)
    shutil.copytree(real, checkout / SPECIFICATION, dirs_exist_ok=True)
    renderer, sources = Renderer(template), []
    for service_type in known:
        connector = contribution(f"new_{service_type}", service_type)
        answers = {"name": connector.name, "type_name": connector.type_name, "service_type": service_type}
        kind = {} if service_type == "database" else {"connection_type": "rest_api", "api_endpoints": ""}
        files = renderer.files(
            EMPTY | answers | {"placement": "contrib", "scheme": "" if kind else "postgresql"} | kind
        )
        for place, text in files.items():
            (checkout / place).parent.mkdir(parents=True, exist_ok=True)
            (checkout / place).write_text(text, encoding="utf-8")
        (workflow,) = [place for place in files if place.endswith(f"/{connector.name}.yaml")]
        sources.append(yaml.safe_load(files[workflow])["source"])
        with chdir(checkout):
            run(connector)
    needed = closure(checkout / SPECIFICATION, WORKFLOW)
    for place in needed:
        (tmp_path / "schemas" / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / SPECIFICATION / place, tmp_path / "schemas" / place)
    # Beside the installed framework, not in it: its code is newer than the specification.
    models = tmp_path / "path/closure"
    generate_models(tmp_path / "schemas", models)
    for module in models.rglob("*.py"):
        module.write_text(with_secrets(module.read_text(encoding="utf-8")), encoding="utf-8")
    accepted = warm.run_script(models.parent, VALIDATE, json.dumps(sources))
    assert accepted == [f"New{service_type.title()}Connection" for service_type in known]
