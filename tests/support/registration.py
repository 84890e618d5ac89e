"""Registers connectors in a checkout as Copier's task does, without Copier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from extensions.naming import camel, pascal
from tasks import register
from tasks.plan import Contribution
from tests.support.checkout import CATALOG, INTERFACE, SPECIFICATION, member

SCHEMA = SPECIFICATION / "entity/services/databaseService.json"
LOADER = Path(CATALOG.services["database"]["registration"]["loaders"][0])
ICONS = INTERFACE / "utils/ServiceIconUtils.ts"
CONSTANTS = INTERFACE / "constants/ServiceType.constant.ts"
SETUP = Path("ingestion/setup.py")


def contribution(name: str, service_type: str = "database", **names: Any) -> Contribution:
    type_name = pascal(name)
    return Contribution(
        **{
            "service_type": service_type,
            "name": name,
            "type_name": type_name,
            "camel": camel(name),
            "module": type_name.lower(),
            "member": member(type_name),
            "display_name": type_name,
            "requirements": [f"{name}-driver~=1.0"],
        }
        | names
    )


def run(connector: Contribution, operation: str = "copy") -> None:
    """Register a connector in the current folder, as Copier's task does; its schema needs a converter."""
    if connector.converter.parent.is_dir():
        connector.converter.touch()
    assert register.main([operation, *words(connector)]) == 0


def words(connector: Contribution) -> list[str]:
    """The arguments of the task that say which connector it is."""
    names = [connector.service_type, connector.name, connector.type_name, connector.camel, connector.module]
    return [*names, connector.member, connector.display_name, json.dumps(connector.requirements)]


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def is_within(short: str, long: str) -> bool:
    """Whether a text is left when some characters are taken out of another."""
    rest = iter(long)
    return all(character in rest for character in short)
