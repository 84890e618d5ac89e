"""Brings the answers and the catalog together for the kinds beside connectors: the `plugin` of their templates.

A connector is its own `plugin` (connector.py), and so is a topology. Templates that packages of every kind share ask
both for no more than the members that both have: `catalog`, `release`, `kind`, `noun`, `dependencies`, `extras`,
`brought` and what certification.py asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copier_template_extensions import ContextHook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from extensions.catalog import Catalog

Facts = dict[str, Any]


class Plugin:
    """What the templates ask about a package of another kind than a connector. It selects and fills in, no more."""

    def __init__(self, answers: Mapping[str, Any], environment: Any) -> None:
        self.answers = answers
        self.catalog: Catalog = environment.catalog  # CatalogExtension put it there

    @property
    def release(self) -> Facts:
        """The OpenMetadata release line that is written for."""
        return self.catalog.release

    @property
    def kind(self) -> Facts:
        """The facts of the kind."""
        return self.catalog.kinds[self.answers["kind"]]

    @property
    def noun(self) -> str:
        """What it is called in a sentence: `sink`."""
        return self.kind["noun"]

    @property
    def variants(self) -> list[Facts]:
        """The variants that were chosen, each with its `name`; all of a kind that has nothing to choose."""
        known = self.kind["variants"]
        chosen = self.answers[self.kind["question"]] if "question" in self.kind else list(known)
        return [{"name": name} | known[name] for name in ([chosen] if isinstance(chosen, str) else chosen)]

    @property
    def dependencies(self) -> list[str]:
        """The requirements of the package."""
        own = [requirement for facts in (self.kind, *self.variants) for requirement in facts.get("requirements", ())]
        return [self.release["requirement"], *self.release["besides"], *dict.fromkeys(own)]

    @property
    def extras(self) -> Facts:
        """What is installed beside on demand, as of a connector: nothing."""
        return {}

    @property
    def brought(self) -> dict[str, str]:
        """The files that are installed where the framework looks, by their places in the repository."""
        names = {key: self.answers[key] for key in ("name", "module_dir")}
        return {place.format(**names): into.format(**names) for place, into in self.kind.get("brings", {}).items()}

    @property
    def sample_entities(self) -> dict[str, list[str]]:
        """The names of what the sample of the tests becomes, by the kind of create request."""
        return self.kind.get("sample_entities", {})

    @property
    def asked_besides(self) -> dict[str, list[str]]:
        """Tests that gates ask for beside those of the kind, as of a connector: none."""
        return {}

    @property
    def outermost(self) -> list[str]:
        """What a real source has to bring, as of a connector: nothing is shown of the sample's entities alone."""
        return []

    @property
    def sections(self) -> dict[str, Facts]:
        """What has to be shown of each variant, by its name."""
        return {
            facts["name"]: {
                "strategies": facts["certification"]["strategies"],
                "source_must_allow": facts["certification"]["allow"],
                "required_tests": [f"tests/{test}" for test in facts["certification"]["tests"]],
            }
            for facts in self.variants
        }


class PluginExtension(ContextHook):
    """Adds `plugin` to every context of a kind that is no source, once it has the derived names."""

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.environment = environment

    def hook(self, context: dict[str, Any]) -> None:
        if context.get("kind", "connector") not in ("connector", "topology"):
            context["plugin"] = Plugin(context, self.environment)
