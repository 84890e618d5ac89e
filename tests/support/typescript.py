"""The TypeScript compiler, and quicktype, which makes the types of OpenMetadata's interface; from npm."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.checkout import CATALOG, INTERFACE, SPECIFICATION, connections, generated
from tests.support.once import once

HERE = Path(__file__).resolve().parent / "node"

# Modules that the interface's build takes care of.
AMBIENT = "declare module '*.png' { const file: string; export default file }\n" + (
    "declare module '*.svg' { const file: string; export default file }\n"
)


def install(cache: Path) -> Path:
    """Install the packages that node/package-lock.json has below `cache`, unless they are there; gives their folder."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = once(cache / f"node-{digest}", _install)
    for script in ("check.cjs", "lint.mjs"):
        shutil.copy(HERE / script, folder)
    return folder


def _install(folder: Path) -> None:
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / file, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def check(node: Path, checkout: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Check the registered modules of a checkout against types that are made of its schemas.

    Gives the compiler's faults, and the enums: for each service type the member that quicktype makes of a type.
    """
    interface = checkout / INTERFACE
    services, files = [], [interface / "ambient.d.ts", interface / "utils/ServiceIconUtils.ts"]
    files[0].write_text(AMBIENT, encoding="utf-8")
    (interface / "utils/loadConnectionSchema.ts").write_text(
        "export const loadConnectionSchema = async (place: string): Promise<object> => ({ place });\n", encoding="utf-8"
    )
    for service_type, service in CATALOG.services.items():
        data: Any = json.loads((checkout / SPECIFICATION / service["service_schema"]).read_text(encoding="utf-8-sig"))
        name = f"{service['registration']['definitions']}ServiceType"
        module = interface / "utils" / f"{generated(service_type)}.ts"
        services.append({"name": name, "types": data["definitions"][name]["enum"], "module": str(module.resolve())})
        files.append(checkout / service["registration"]["loaders"][0])
        for stem in connections(data):
            schema = interface / "jsons/connectionSchemas/connections" / service_type / f"{stem}.json"
            schema.parent.mkdir(parents=True, exist_ok=True)
            schema.write_text("{}", encoding="utf-8")
    files.append(interface / "constants/ServiceType.constant.ts")
    request = {"services": services, "files": [str(file) for file in files]}
    *faults, members = _run(node, checkout / "request.json", request)
    return faults, json.loads(members)


def members(node: Path, types: list[str], scratch: Path) -> dict[str, str]:
    """What quicktype calls the types of an enum."""
    service = {"name": "anyServiceType", "types": types, "module": str(scratch / "any.ts")}
    (line,) = _run(node, scratch / "request.json", {"services": [service], "files": []})
    return json.loads(line)["anyServiceType"]


def acronyms(node: Path) -> set[str]:
    """The words that quicktype writes in capitals."""
    script = "console.log(JSON.stringify(require('quicktype-core/dist/support/Acronyms.const').acronyms))"
    done = subprocess.run(["node", "-e", script], cwd=node, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def parse(node: Path, files: list[Path]) -> list[str]:
    """The faults that the compiler finds in the syntax of files, without what they import."""
    request = {"services": [], "files": [], "parse": [str(file) for file in files]}
    return _run(node, files[0].with_name("request.json"), request)[:-1]


def _run(node: Path, file: Path, request: dict[str, Any]) -> list[str]:
    """The lines of node/check.cjs, which has a request in a file."""
    file.write_text(json.dumps(request), encoding="utf-8")
    done = subprocess.run(["node", "check.cjs", str(file)], cwd=node, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()
