"""The signature: what OpenMetadata sends is taken, and nothing else."""

from __future__ import annotations

import importlib

import pytest

from package import MANIFEST

SIGNATURE = importlib.import_module(f"{MANIFEST['plugin']['package']}.signature")

BODY = b'{"message":"a test"}'

# By `openssl dgst -sha256 -hmac 'the secret' -binary | base64`.
HEADER = "sha256=GpC04tpabETU/51glY2GuJaOT2sr126TmvV8SyfsEoA="


def test_signature_is_that_of_the_server() -> None:
    assert SIGNATURE.sign(BODY, "the secret") == HEADER
    assert SIGNATURE.is_signed(BODY, HEADER, ["the secret"])


def test_secret_may_be_any_of_those_that_are_known() -> None:
    assert SIGNATURE.is_signed(BODY, HEADER, ["a new one", "the secret"])
    assert not SIGNATURE.is_signed(BODY, HEADER, ["a new one"])
    assert not SIGNATURE.is_signed(BODY, HEADER, [])


@pytest.mark.parametrize("header", ["", "sha256=", HEADER[:-1], HEADER.lower(), HEADER.removeprefix("sha256="), "ä"])
def test_other_header_is_refused(header: str) -> None:
    assert not SIGNATURE.is_signed(BODY, header, ["the secret"])


def test_other_body_is_refused() -> None:
    assert not SIGNATURE.is_signed(BODY + b" ", HEADER, ["the secret"])
