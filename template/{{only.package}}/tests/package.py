"""What the tests know of the package: where it is, and what it has to show."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]

# What has to be shown before the package is called certified.
MANIFEST = yaml.safe_load((ROOT / "certification/certification.yaml").read_text(encoding="utf-8"))
