"""From a parsed document to answers: the service type, the lists, how to sign in, and what the API is called."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from typing import Any

from scaffold_connector.arguments import Wrong
from scaffold_connector.inspecting import Inspection, documented, operations, signing, writing
from scaffold_connector.inspecting.operations import Api
from scaffold_connector.inspecting.planning import Planner
from scaffold_connector.inspecting.plans import Plan
from scaffold_connector.inspecting.vocabulary import Vocabulary

# Of the template, which refuses longer ones.
LONGEST_NAME, LONGEST_DISPLAY, LONGEST_DESCRIPTION = 30, 100, 512

# Words of titles that say nothing of whose API it is.
_SAYS_NOTHING = (
    r"(?i)\b(the|open ?api|swagger|rest(ful)?|web|http|public|api|documentation|docs|spec(ification)?|reference"
    r"|v\d+(\.\d+)*)\b"
)

# Names that the template keeps for itself.
_TAKEN = ("aws", "network", "con", "prn", "aux", "nul")


def inferred(raw: Any, shown: str, service_type: str | None, name: str | None) -> Inspection:
    """What a parsed document says. Raises `Wrong` where it is no OpenAPI document, or there is no such service type."""
    api = operations.read(raw, shown)
    vocabulary = Vocabulary()
    if service_type is not None and service_type not in vocabulary.services:
        raise Wrong(f"--service-type: {service_type!r} is none of {', '.join(vocabulary.services)}")
    planner = Planner(api, vocabulary)
    plan, reasons = _chosen(planner, vocabulary, service_type)
    found = Inspection(writing.one_line(shown), plan.service_type if plan else "", reasons)
    if plan is None:
        return found
    _name(api, found, name)
    if not plan.lists:
        documented.complete(api, found, shown)
    used = [one.operation for one in plan.lists.values() if one.operation]
    sign_in = signing.sign_in(api, vocabulary.words, used)
    found.answers |= sign_in.answers
    found.sources["auth_types"] = sign_in.source if not sign_in.login else ""
    found.doubtful["auth_types"] = [] if sign_in.login else sign_in.doubts
    if plan.lists:
        _map(planner, plan, found, sign_in)
    _collect_doubts(found, plan, sign_in)
    _unmapped(api, plan, found)
    return found


# ---- The service type ------------------------------------------------------------------------------------------------


def _chosen(planner: Planner, vocabulary: Vocabulary, service_type: str | None) -> tuple[Plan | None, list[str]]:
    """The plan to take, and why; None where no service type fits, with a line."""
    if service_type is not None:
        plan = planner.plan(service_type)
        if plan.lists or service_type == "api":
            return plan, [f"Service type {service_type}, as you said: {_why(plan)}"]
        nouns = [noun for one in vocabulary.resources(service_type).values() for noun in one.facts["nouns"]][:8]
        return None, [f"no operation lists what the service type {service_type} has, such as /{', /'.join(nouns)}"]
    plans = [planner.plan(one) for one in vocabulary.services]
    ranked = sorted((one for one in plans if one.enough), key=lambda one: -one.score)
    if not ranked:
        count = len(planner.api.operations)
        return None, [
            f"none of its {count} operations lists what OpenMetadata has a service type for: no data system. "
            "--service-type api makes a connector of the document itself"
        ]
    best, *others = ranked
    reasons = [f"Service type {best.service_type}: {_why(best)}"]
    near = [f"{one.service_type} ({one.score / best.score:.0%})" for one in others if one.score > best.score / 2]
    if near:
        reasons.append(f"Others that fit less: {', '.join(near)}; --service-type takes another one")
    return best, reasons


def _why(plan: Plan) -> str:
    lists = [
        f"{one.operation.place} lists {name.replace('_', ' ')}" for name, one in plan.lists.items() if one.operation
    ]
    return "; ".join(lists) if lists else "the document itself has its endpoints"


# ---- Name and description --------------------------------------------------------------------------------------------


def _name(api: Api, found: Inspection, name: str | None) -> None:
    info = api.info
    title = writing.one_line(info["title"]) if isinstance(info.get("title"), str) else ""
    shown = re.sub(
        _SAYS_NOTHING,
        " ",
        title,
    )
    shown = " ".join(re.sub(r"[^\w.&+ -]", " ", shown).split()).strip(" .-&+_") or "My Source"
    found.answers["name"] = name or named(shown)
    found.sources["name"] = "" if name else "info.title"
    found.answers |= {"service_type": found.service_type, "connection_type": "rest_api"}
    if any(one.isalnum() for one in shown) and _fits(shown):
        found.answers["display_name"] = shown[:LONGEST_DISPLAY].strip()
        found.sources["display_name"] = "info.title"
    description = info.get("description")
    if isinstance(description, str) and (first := _sentence(description)):
        found.answers["description"] = first
        found.sources["description"] = "info.description"
    if api.port:
        found.answers["default_port"] = api.port
        found.sources["default_port"] = "host" if api.version == "2" else "servers"
    outside = api.raw.get("externalDocs")
    address = outside.get("url") if isinstance(outside, dict) else None
    if isinstance(address, str) and re.fullmatch(r"https?://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/#-]*)?", address[:500]):
        found.answers["docs_url"] = address
        found.sources["docs_url"] = "externalDocs.url"


def named(title: str) -> str:
    """A name for a connector: small letters, digits and underscores, that Python and the template take."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    while words and not words[0][0].isalpha():
        words[0] = words[0].lstrip("0123456789")
        words = words if words[0] else words[1:]
    name = "_".join(words)[:LONGEST_NAME].rstrip("_") or "my_source"
    if name in _TAKEN or keyword.iskeyword(name) or keyword.issoftkeyword(name) or len(name) < 2:
        name = f"{name}_source"
    return name


def _sentence(text: str) -> str:
    """The first sentence of a description, without what Markdown and HTML add; empty where that is none."""
    plain = re.sub(r"<[^<>]{0,200}>|[`*#]|!?\[([^\[\]]{0,200})\]\([^()]{0,300}\)", r"\1", text[:3000])
    plain = writing.one_line(plain, 2000)
    first = re.split(r"(?<=[.!?]) ", plain)[0]
    first = writing.one_line(first, 300)
    return first if any(one.isalnum() for one in first) and _fits(first) else ""


def _fits(text: str) -> bool:
    """Whether a text can stand in every file: nothing in it is a brace, a backslash or the sign of a comment."""
    return not re.search(r"[{}\\\x00-\x1f\x7f-\x9f]|\*/|/\*|\"\"\"", text)


# ---- The map ---------------------------------------------------------------------------------------------------------


def _map(planner: Planner, plan: Plan, found: Inspection, sign_in: signing.SignIn) -> None:
    if plan.options:
        facts = {one: _described(planner.api, one) for one in plan.options}
        found.answers["options"] = "".join(
            f"{one}: {writing.flow({'required': True} | ({'description': said} if said else {}))}\n"
            for one, said in facts.items()
        )
        found.sources["options"] = "placeholders of paths that no list fills"
    found.answers["api"] = writing.api_text(plan.lists, sign_in.login, (sign_in.source, sign_in.doubts))
    for name, one in plan.lists.items():
        paged = one.paging.values.get("by", "") or ("in one answer" if one.operation else "")
        where = one.operation.place if one.operation else (one.sources.get("records") or one.sources.get("from", ""))
        found.lists[name] = f"{where}" + (
            f", by {paged}" if paged and paged != "in one answer" else f", {paged}" if paged else ""
        )
        found.lists[name] += f", {len(one.fields)} fields" if one.fields else ""


def _described(api: Api, option: str) -> str:
    """What the document says of a placeholder."""
    for one in api.operations:
        for parameter in one.parameters:
            if parameter.place == "path" and re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parameter.name).lower() == option:
                said = _sentence(parameter.description)
                if said:
                    return said[:100]
    return ""


def _collect_doubts(found: Inspection, plan: Plan, sign_in: signing.SignIn) -> None:
    found.doubts = [f"{name}: {doubt}" for name, doubts in found.doubtful.items() for doubt in doubts]
    if sign_in.login:
        found.doubts += [f"login: {doubt}" for doubt in sign_in.doubts]
    for name, one in plan.lists.items():
        held = [doubt for doubts in one.doubts.values() for doubt in dict.fromkeys(doubts)]
        held += one.paging.doubts if one.paging.values else one.unpaged
        found.doubts += [f"{name}: {doubt}" for doubt in held]
        found.doubts += [f"{name}.{key}: {value.doubt}" for key, value in one.fields.items() if value.doubt]


def _unmapped(api: Api, plan: Plan, found: Inspection) -> None:
    """What is left out, in counts."""
    used = {one.operation.place for one in plan.lists.values() if one.operation}
    left = [one for one in api.operations if one.place not in used]
    counts: Counter[str] = Counter()
    for one in left:
        if one.fault:
            counts[one.fault] += 1
        elif one.method != "GET":
            counts["not for reading, or no list"] += 1
        elif one.answer is None:
            counts["the document has no JSON that answers them"] += 1
        else:
            counts[f"nothing that the service type {found.service_type} has, or read by another one"] += 1
    found.unmapped += [f"{count} operation{'s' if count > 1 else ''}: {why}" for why, count in counts.most_common()]
    for reference, why in sorted(api.schemas.unfollowed.items())[:10]:
        found.unmapped.append(f"$ref {writing.one_line(reference, 80)} {why}")
    if len(api.schemas.unfollowed) > 10:
        found.unmapped.append(f"{len(api.schemas.unfollowed) - 10} more references that lead nowhere or outside")
