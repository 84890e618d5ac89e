"""An OpenAPI document from a file or an address: read within bounds, parsed, and nothing in it followed elsewhere."""

from __future__ import annotations

import gc
import json
import re
import time
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from scaffold_connector.arguments import Wrong

# Largest document, in bytes, and how long an address may take to give it, in seconds.
LARGEST = 64_000_000
SECONDS = 60.0

# How deep a document may nest. Those of real APIs are below 50; the parsers of JSON and YAML recurse.
DEEPEST = 500

_DASHES = re.compile(r"(?:[-?] +){100}")


def read(source: str) -> Any:
    """The parsed document of a file or an http(s) address. Raises `Wrong` with one line where it can't be had."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", source):
        return parse(_fetched(source), _shown(source))
    path = Path(source)
    try:
        if not path.is_file():
            raise Wrong(f"{source}: is not a file; give a file, or an address that starts with http:// or https://")
        with path.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        raise Wrong(f"{source}: can't be read: {error.strerror}") from None
    return parse(raw, source)


def parse(raw: bytes, shown: str) -> Any:
    """What JSON or YAML says. Raises `Wrong` where it is neither, too large or too deep."""
    import yaml

    from scaffold_connector.answers import syntax

    if len(raw) > LARGEST:
        raise Wrong(f"{shown}: give at most {LARGEST // 1_000_000} MB: the document is larger")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Wrong(f"{shown}: is not UTF-8 (byte {error.start})") from None
    is_json = text.lstrip()[:1] in ("{", "[")
    # A document is millions of small objects that live as long as the command: looking for cycles doubles the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        if is_json:
            try:
                return json.loads(text)
            except ValueError:
                pass  # YAML in braces, or what its parser says better
        _check_depth(text, shown)
        loader = _loader()(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except RecursionError:
        raise Wrong(f"{shown}: is nested too deeply to be read") from None
    except yaml.YAMLError as error:
        raise Wrong(syntax(shown, error).replace("is not YAML", "is neither JSON nor YAML")) from None
    except (ValueError, TypeError, OverflowError) as error:  # a date that is none, a key that is a list
        raise Wrong(f"{shown}: is neither JSON nor YAML: {' '.join(str(error).split())[:100]}") from None
    finally:
        if collects:
            gc.enable()


def _check_depth(text: str, shown: str) -> None:
    """Refuse what would make libyaml recurse until the stack is full: it counts nothing itself."""
    depth = 0
    for found in re.finditer(r"[\[{\]}]", text):
        depth = max(depth + (1 if found[0] in "[{" else -1), 0)
        if depth > DEEPEST:
            raise Wrong(f"{shown}: is nested too deeply to be read")
    if _DASHES.search(text):
        raise Wrong(f"{shown}: is nested too deeply to be read")


def _loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Plain YAML without merge keys, a few of which can stand for more than memory holds."""

        def flatten_mapping(self, node: Any) -> None:
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, "there is a merge key, <<: write out what it stands for", key.start_mark
                    )

    # Dates stay the texts that they are written as, also those that are no dates.
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _shown(address: str) -> str:
    """An address without a password, query or fragment, which may be secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _fetched(address: str) -> bytes:
    """The body of an address. Only its own host is asked, also where it redirects."""
    from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

    shown = _shown(address)
    try:
        parts = urlsplit(address)
        place = (parts.scheme.lower(), parts.hostname, parts.port)
    except ValueError:
        raise Wrong(f"{address.partition('?')[0]}: is no address that can be asked") from None
    if place[0] not in ("http", "https") or not place[1]:
        raise Wrong(f"{shown}: give a file, or an address that starts with http:// or https://")
    if parts.username or parts.password:
        raise Wrong(f"{shown}: leave user and password out of the address; save the document, and give the file")

    class SameHost(HTTPRedirectHandler):
        def redirect_request(self, request: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            target = urlsplit(newurl)
            if (target.scheme.lower(), target.hostname, target.port) != place:
                refuse(f"{shown}: leads to another server, {_shown(newurl)}: give that address if you trust it")
            return super().redirect_request(request, fp, code, msg, headers, newurl)

    def refuse(said: str) -> NoReturn:
        raise Wrong(said)

    # No proxy of the environment: no other host is asked than the one that was given.
    opener = build_opener(ProxyHandler({}), SameHost)
    ends = time.monotonic() + SECONDS
    body = bytearray()
    try:
        asked = Request(address, headers={"Accept": "application/json, application/yaml;q=0.9, */*;q=0.5"})
        with opener.open(asked, timeout=15) as answer:
            while piece := answer.read1(1 << 16):
                body += piece
                if len(body) > LARGEST:
                    break
                if time.monotonic() > ends:
                    refuse(f"{shown}: did not give the document within {SECONDS:g} seconds")
    except HTTPError as error:
        refuse(f"{shown}: answers {error.code}; if it wants credentials, save the document and give the file")
    except URLError as error:
        refuse(f"{shown}: can't be reached: {error.reason}")
    except (OSError, ValueError) as error:
        refuse(f"{shown}: can't be read: {' '.join(str(error).split())[:100]}")
    return bytes(body)
