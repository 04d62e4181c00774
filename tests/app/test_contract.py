"""The OpenAPI document, and settings and errors against their documentation."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import __version__
from app.api.problems import MEDIA_TYPE, STATUS
from app.openapi import openapi_text
from app.settings import Settings

ROOT = Path(__file__).parents[2]
NUMBERS = {"number", "integer"}


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(openapi_text())
    return document


def operations(openapi: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in openapi["paths"].values():
        yield from methods.values()


def test_committed_openapi_document_is_current():
    committed = (ROOT / "openapi.json").read_text()
    assert committed == openapi_text(), "run `python -m app.openapi > openapi.json`"


def test_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"]


def test_every_call_of_the_contract_is_there(openapi):
    assert set(openapi["paths"]) == {
        "/predict",
        "/predict/batch",
        "/predict/{material_id}",
        "/structure",
        "/structure/{material_id}",
        "/ensembles",
        "/ensembles/{name}",
        "/ensembles/{name}/evidence",
        "/health/live",
        "/health/ready",
        "/info",
        "/metrics",
        "/problems/{code}",
    }


def test_all_forms_of_a_body_are_documented(openapi):
    body = openapi["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert set(body) == {
        "multipart/form-data",
        "text/plain",
        "chemical/x-cif",
        "application/json",
        "application/octet-stream",
    }


def test_errors_are_problems_in_the_document(openapi):
    statuses = set()
    for operation in operations(openapi):
        for status, response in operation["responses"].items():
            if status != "default" and int(status) >= 400:
                statuses.add(int(status))
                assert set(response["content"]) == {MEDIA_TYPE}
                assert response["content"][MEDIA_TYPE]["schema"]["$ref"].endswith("/Problem")
    # Those that any call may meet, whatever it is, are its default.
    assert statuses == set(STATUS.values()) - {400, 405, 414, 431, 500}


def test_every_call_has_an_answer_for_the_errors_of_all_calls(openapi):
    name = "#/components/responses/Problem"
    assert all(each["responses"]["default"] == {"$ref": name} for each in operations(openapi))
    (schema,) = openapi["components"]["responses"]["Problem"]["content"].values()
    assert schema["schema"]["$ref"] == "#/components/schemas/Problem"


def test_every_call_with_a_body_says_that_it_may_come_too_slowly(openapi):
    for methods in openapi["paths"].values():
        for method, operation in methods.items():
            assert ("408" in operation["responses"]) == (method == "post")


def test_every_number_has_a_unit_and_every_field_a_description(openapi):
    for name, schema in openapi["components"]["schemas"].items():
        for field, content in schema["properties"].items():
            where = f"{name}.{field}"
            assert "description" in content or "$ref" in content, where
            kinds = {content.get("type"), content.get("items", {}).get("type")}
            if kinds & NUMBERS:
                assert "unit" in content, where


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    lines = (ROOT / "docs/configuration.md").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{name.upper()}`")]
    _, _type, default, unit, description = (cell.strip() for cell in row.strip("|").split("|"))
    field = Settings.model_fields[name]
    assert isinstance(field.json_schema_extra, dict)
    assert field.description
    assert description == field.description
    assert unit == (field.json_schema_extra["unit"] or "")
    if not isinstance(field.default, Path):
        assert default == (f"`{field.default}`" if field.default not in (None, ()) else "")


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.code)
def test_every_problem_is_documented(kind):
    documented = (ROOT / "docs/api.md").read_text()
    assert f"| `{kind.code}` | {STATUS[kind]} |" in documented


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ()), ("a", ("a",)), ("mix-stage3, aflow-stage2,", ("mix-stage3", "aflow-stage2"))],
)
def test_names_of_ensembles_are_separated_by_commas(monkeypatch, text, names):
    monkeypatch.setenv("ENSEMBLES", text)
    assert Settings().ensembles == names


def test_empty_settings_count_as_unset(monkeypatch):
    for name in ("REDIS_URL", "MP_API_KEY", "PORT", "DEFAULT_ENSEMBLE"):
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert (settings.redis_url, settings.mp_api_key, settings.port) == (None, None, 8000)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("HEAD_TIMEOUT", ("inf", "nan"), "1.5"),
        ("MAX_WAIT", ("inf", "1e999"), "1e3"),
        ("TRUSTED_PROXIES", ("not-an-ip", "10.0.0.1/8", "*.example", "10.0.0.1:80"), "*"),
        ("TRUSTED_PROXIES", ("10.0.0.1,proxy",), "10.0.0.1, 10.0.0.0/8, fd00::/8, ::1"),
        ("CORS_ORIGINS", ("example.org", "//a.example", "https://"), "*"),
        ("CORS_ORIGINS", ("https://a.example/", "https://A.example"), "https://a.example"),
        ("CORS_ORIGINS", ("https://u@a.example", "null"), "http://localhost:3000,app://a"),
        ("TRUSTED_HOSTS", ("https://a.example", "a.example:80", "*"), "a,*.b.example,[::1]"),
    ],
)
def test_settings_that_would_do_something_else_stop_the_start(monkeypatch, name, bad, good):
    for value in bad:
        monkeypatch.setenv(name, value)
        with pytest.raises(ValueError, match=name.lower()):
            Settings()
    monkeypatch.setenv(name, good)
    Settings()


def test_secrets_are_not_shown():
    settings = Settings(mp_api_key="k" * 32, redis_url="redis://:pa55word@host/0")
    assert "kkk" not in repr(settings)
    assert "pa55word" not in repr(settings)


def test_every_guarded_call_says_how_it_is_refused(openapi):
    open_calls = {"/health/live", "/health/ready", "/metrics", "/problems/{code}"}
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            found = {"401", "421", "429"} & set(operation["responses"])
            assert len(found) == 3 or path in open_calls, path
    overloaded = openapi["paths"]["/predict"]["post"]["responses"]["429"]["content"][MEDIA_TYPE]
    assert set(overloaded["examples"]) == {"overloaded", "rate-limited"}
