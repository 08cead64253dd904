"""The OpenAPI document against the application's own routes."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from openapi_spec_validator import validate

from api.openapi import openapi_document, record_name
from domain.records import RECORDS
from tests.api.conftest import BEARER


def test_the_document_is_valid() -> None:
    validate(openapi_document())


def test_every_event_has_its_record_among_the_schemas() -> None:
    schemas = openapi_document()["components"]["schemas"]
    assert {record_name(*key) for key in RECORDS} <= set(schemas)


def test_the_document_and_the_routes_are_the_same(server: Flask) -> None:
    documented = {
        (method.upper(), re.sub(r"{[^}]*}", "{}", path))
        for path, methods in openapi_document()["paths"].items()
        for method in methods
    }
    served = {
        (method, re.sub(r"<[^>]*>", "{}", rule.rule))
        for rule in server.url_map.iter_rules()
        for method in rule.methods or ()
        if (rule.rule.startswith("/api/v1") or rule.rule == "/live")
        and method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        and "<path:" not in rule.rule
    }
    assert documented == served


@pytest.mark.parametrize("headers", [{}, BEARER])
def test_it_is_for_those_who_are_signed_in(server: Flask, headers: dict[str, str]) -> None:
    answer = server.test_client().get("/api/v1/openapi.json", headers=headers)
    assert answer.status_code == (200 if headers else 401)
