"""Runs in the framework's interpreter: what the client of a mapped SDK gives.

The argument is a file of JSON: the `package`, its `type_name`, the `options` of its connection, and `read`: names of
lists, each below the first record of the one before it. Prints, as the last line, the records of the last of them
with their declared values, as `records`, or the `fault`; the `contents` of some keys; what the SDK's client was
`given`; and whether it was `closed`.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
sys.path += asked.get("path", [])
os.environ |= asked.get("environment", {})
client = importlib.import_module(f"{asked['package']}.client")
settings = importlib.import_module(f"{asked['package']}.settings")
for name, value in asked.get("limits", {}).items():
    setattr(client, name, value)

found: dict[str, Any] = {"records": []}
try:
    reader = getattr(client, f"{asked['type_name']}Client")(
        getattr(settings, f"{asked['type_name']}Settings").from_options(asked["options"])
    )
    try:
        above: list[Any] = []
        for name in asked["read"][:-1]:
            above.append(next(getattr(reader, name)(*above)))
        found["given"] = getattr(reader._sdk, "given", None)
        for record in getattr(reader, asked["read"][-1])(*above):
            declared = record.pop("@declared", {})
            said = str(declared) if isinstance(declared, Exception) else declared
            found["records"].append(record | {"@declared": said})
        if "contents" in asked:
            held = [reader.read_object(*above, key, 10**6) for key in asked["contents"]]
            found["contents"] = [None if one is None else one.decode() for one in held]
        if asked.get("lacks"):
            found["lacks"] = reader.lacks(asked["lacks"])
    finally:
        sdk = reader._sdk
        reader.close()
        found["closed"] = getattr(sdk, "closed", not getattr(sdk, "entered", True))
except Exception as error:
    found["fault"] = f"{type(error).__name__}: {error}"
print(json.dumps(found, default=str))
