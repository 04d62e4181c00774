"""POST /predict: the three forms of a body, the answer, and every error."""

import asyncio
import gzip
import json
import zipfile
from collections.abc import AsyncIterator

import httpx2 as httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp import Poscar

from app.settings import Settings
from tests.app.conftest import FakeEnsemble, serving
from tests.damaged import zip_with_damage

PROBLEM = "application/problem+json"


def post(client: TestClient, cif: str, **params: str) -> httpx.Response:
    response: httpx.Response = client.post(
        "/predict", files={"file": ("crystal.cif", cif)}, params=params
    )
    return response


def code(response: httpx.Response) -> str:
    """Return the code of a problem, having checked its shape."""
    assert response.headers["content-type"] == PROBLEM
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "request_id"}
    assert problem["status"] == response.status_code
    return str(problem["type"]).removeprefix("/problems/")


def test_answer_has_the_documented_form(client, rocksalt_cif):
    response = post(client, rocksalt_cif)
    assert response.status_code == 200
    answer = response.json()
    fingerprint = answer["material"].pop("fingerprint")
    assert len(fingerprint) == 32
    members = answer["ltc"].pop("members")
    assert members == pytest.approx([14 + i / 10 for i in range(9)])  # Na 11, Cl 17
    assert answer == {
        "material": {
            "material_id": None,
            "formula": "NaCl",
            "n_sites": 2,
            "space_group": "Fm-3m",
            "structure_type": "rocksalt",
            "likely_metal": False,
            "idealised": False,
        },
        "ltc": {
            "mean": pytest.approx(14.4),
            "std": pytest.approx(0.2582, abs=1e-4),
            "median": pytest.approx(14.4),
            "min": pytest.approx(14.0),
            "max": pytest.approx(14.8),
            "interval": None,
            "unit": "W/(m K)",
            "temperature": 300.0,
        },
        "domain": None,
        "second_opinion": None,
        "number": None,
        "warnings": [],
        "ensemble": {"name": "mix-stage3", "digest": "sha256:mix-stage3"},
        "cache": "miss",
    }


@pytest.mark.parametrize(
    "media_type", ["text/plain", "chemical/x-cif", "text/plain; charset=utf-8"]
)
def test_raw_body(client, rocksalt_cif, media_type):
    response = client.post(
        "/predict", content=rocksalt_cif.encode(), headers={"content-type": media_type}
    )
    assert response.json()["material"]["formula"] == "NaCl"


def test_json_body(client, rocksalt_cif):
    response = client.post("/predict", json={"cif": rocksalt_cif})
    assert response.json()["material"]["formula"] == "NaCl"


def test_form_field_without_a_file_name(client, rocksalt_cif):
    response = client.post("/predict", files={"file": (None, rocksalt_cif)})
    assert response.json()["material"]["formula"] == "NaCl"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_old_encodings(client, rocksalt_cif, encoding):
    text = f"# Ågren\n{rocksalt_cif}".encode(encoding)
    response = client.post("/predict", content=text, headers={"content-type": "text/plain"})
    assert response.status_code == 200


def test_durations_are_in_a_header(client, rocksalt_cif):
    first = post(client, rocksalt_cif).headers["server-timing"]
    again = post(client, rocksalt_cif).headers["server-timing"]
    steps = [[part.split(";")[0] for part in header.split(", ")] for header in (first, again)]
    assert steps == [["cache", "parse", "graph", "forward"], ["cache"]]


def test_the_second_time_comes_from_the_cache(client, ensemble, rocksalt_cif):
    first, second = (post(client, rocksalt_cif).json() for _ in range(2))
    assert (first.pop("cache"), second.pop("cache")) == ("miss", "hit")
    assert first == second
    assert ensemble.calls == [1]


def test_the_same_upload_is_not_read_again_in_whatever_form_it_comes(
    client, ensemble, rocksalt_cif, monkeypatch
):
    first = post(client, rocksalt_cif).json()

    def refuse(*_):
        raise AssertionError("read again")

    monkeypatch.setattr("app.service.predictor.read_file", refuse)
    raw = {"content": rocksalt_cif.encode(), "headers": {"content-type": "chemical/x-cif"}}
    for form in (raw, {"json": {"cif": rocksalt_cif}}, {"files": {"file": ("b", rocksalt_cif)}}):
        response = client.post("/predict", **form)
        assert response.headers["content-type"] == "application/json"
        assert response.json() == {**first, "cache": "hit"}
    assert ensemble.calls == [1]
    assert client.post("/structure", **raw).status_code == 500  # it would be noticed


def test_a_changed_byte_is_another_upload(client, rocksalt_cif):
    post(client, rocksalt_cif)
    response = post(client, f"{rocksalt_cif} ")
    assert "parse;dur=" in response.headers["server-timing"]
    assert response.json()["cache"] == "hit"  # of the crystal


def test_an_upload_answered_before_is_held_to_the_same_rules(client, rocksalt_cif, settings):
    post(client, rocksalt_cif)
    assert code(post(client, rocksalt_cif, ensemble="other")) == "unknown-ensemble"
    assert code(post(client, rocksalt_cif, ensemble="x" * 200)) == "invalid-request"
    other_type = {"content-type": "image/png"}
    response = client.post("/predict", content=rocksalt_cif.encode(), headers=other_type)
    assert code(response) == "unsupported-media-type"
    too_large = rocksalt_cif + 17 * settings.max_upload_bytes * "#"
    assert code(post(client, too_large)) == "structure-too-large"


def test_an_equivalent_cell_hits_the_cache_and_keeps_its_own_site_count(
    client, rocksalt, rocksalt_cif
):
    supercell = rocksalt * (2, 1, 1)
    post(client, rocksalt_cif)
    answer = post(client, str(CifWriter(supercell))).json()
    assert answer["cache"] == "hit"
    assert answer["material"]["n_sites"] == 4


def test_each_ensemble_answers_for_itself(settings, rocksalt_cif):
    with serving(settings, FakeEnsemble("aflow-stage2"), FakeEnsemble("mix-stage3")) as client:
        answers = [
            post(client, rocksalt_cif, ensemble=name).json()
            for name in ("aflow-stage2", "mix-stage3")
        ]
        again = [post(client, rocksalt_cif, ensemble=a["ensemble"]["name"]).json() for a in answers]
        default = post(client, rocksalt_cif).json()
    assert [a["ensemble"]["name"] for a in answers] == ["aflow-stage2", "mix-stage3"]
    assert [a["cache"] for a in answers] == ["miss", "miss"]
    assert again == [{**answer, "cache": "hit"} for answer in answers]
    assert default == again[1]


def cif_of(species: list[str], coords: list[list[float]], a: float = 5.0) -> str:
    return str(CifWriter(Structure(Lattice.cubic(a), species, coords)))


DISORDERED = str(CifWriter(Structure(Lattice.cubic(3.6), [{"Cu": 0.5, "Au": 0.5}], [[0, 0, 0]])))


@pytest.mark.parametrize(
    ("cif", "expected", "status"),
    [
        ("no crystal at all", "unreadable-structure", 422),
        ("data_x\n_cell_length_a 3\n", "no-structure", 422),
        (DISORDERED, "disordered-structure", 422),
        (cif_of(["Cm"], [[0, 0, 0]], 3.4), "unsupported-element", 422),
        (cif_of(["Na", "Cl"], [[0, 0, 0], [0.01, 0, 0]]), "overlapping-sites", 422),
        (cif_of(["Na"], [[0, 0, 0]], 25.0), "isolated-atom", 422),
    ],
)
def test_structures_that_cannot_be_used(client, ensemble, cif, expected, status):
    response = post(client, cif)
    assert (code(response), response.status_code) == (expected, status)
    assert ensemble.calls == []


def test_two_structures_in_one_cif(client, rocksalt_cif, zincblende_cif):
    assert code(post(client, rocksalt_cif + zincblende_cif)) == "several-structures"


def test_two_files(client, rocksalt_cif):
    files = [("file", ("a.cif", rocksalt_cif)), ("file", ("b.cif", rocksalt_cif))]
    assert code(client.post("/predict", files=files)) == "several-structures"


def test_form_without_the_field(client, rocksalt_cif):
    response = client.post("/predict", files={"upload": ("a.cif", rocksalt_cif)})
    assert code(response) == "no-structure"
    assert "'file'" in response.json()["detail"]


def test_broken_form(client):
    response = client.post(
        "/predict", content=b"--x\r\nnonsense", headers={"content-type": "multipart/form-data"}
    )
    assert code(response) == "invalid-request"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "unreadable-structure"),
        (b"[]", "no-structure"),
        (b'{"cif": 3}', "invalid-request"),
        (b'{"cif": "data_', "invalid-request"),
        (b'{"text": "data_"}', "no-structure"),
        (b'{"a": 1}', "unreadable-structure"),
        (b"", "unreadable-structure"),
    ],
)
def test_broken_json(client, body, expected):
    response = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert (code(response), response.status_code) == (expected, 422)


def send(client, content, **headers) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response: httpx.Response = client.post("/predict", content=content, headers=named)
    return response


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "application/pdf"])
def test_other_media_types(client, rocksalt_cif, media_type):
    response = send(client, rocksalt_cif.encode(), content_type=media_type)
    assert (code(response), response.status_code) == ("unsupported-media-type", 415)
    assert "curl -F" in response.json()["detail"]


@pytest.mark.parametrize(
    "media_type",
    ["", "application/x-www-form-urlencoded", "application/octet-stream", "chemical/x-mmcif"],
)
def test_what_programs_send_a_file_as(client, rocksalt, media_type):
    headers = {"content_type": media_type} if media_type else {}
    response = send(client, Poscar(rocksalt).get_str().encode(), **headers)
    assert response.json()["material"]["formula"] == "NaCl"


@pytest.mark.parametrize("charset", ["utf-16", "utf-16le", "latin-1", "us-ascii", "UTF-8"])
def test_charsets(client, rocksalt_cif, charset):
    content = rocksalt_cif.encode(charset)
    response = send(client, content, content_type=f"text/plain; charset={charset}")
    assert response.json()["material"]["formula"] == "NaCl"


@pytest.mark.parametrize("charset", ["punycode", "utf-7", "unicode_escape", "rot13", "zip", "none"])
def test_charsets_that_are_not_decoded(client, rocksalt_cif, charset):
    response = send(client, rocksalt_cif.encode(), content_type=f"text/plain; charset={charset}")
    assert (code(response), response.status_code) == ("unsupported-media-type", 415)


def test_a_body_that_is_not_in_its_charset(client):
    response = send(client, b"data_\xd8", content_type="text/plain; charset=utf-16")
    assert code(response) == "invalid-request"


def test_compressed_bodies(client, rocksalt_cif):
    packed = gzip.compress(rocksalt_cif.encode())
    for encoding in ("gzip", "identity"):
        response = send(client, packed, content_type="text/plain", content_encoding=encoding)
        assert response.json()["material"]["formula"] == "NaCl"
    plain = rocksalt_cif.encode()
    assert code(send(client, plain, content_encoding="gzip")) == "invalid-request"
    assert code(send(client, plain, content_encoding="br")) == "unsupported-media-type"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_archive(client, rocksalt_cif, method):
    response = send(client, zip_with_damage(method, {"a.cif": rocksalt_cif.encode()}))
    assert (code(response), response.status_code) == ("unreadable-structure", 422)
    assert "zip archive cannot be read" in response.json()["detail"]


def test_a_gzip_bomb_is_not_unpacked(client, settings):
    bomb = gzip.compress(b" " * (20 * settings.max_upload_bytes))
    assert len(bomb) < 100_000
    assert code(send(client, bomb)) == "structure-too-large"


def test_unknown_ensemble(client, rocksalt_cif):
    response = post(client, rocksalt_cif, ensemble="other")
    assert (code(response), response.status_code) == ("unknown-ensemble", 404)
    assert "mix-stage3" in response.json()["detail"]


def test_too_long_a_parameter(client, rocksalt_cif):
    response = post(client, rocksalt_cif, ensemble="x" * 200)
    assert (code(response), response.status_code) == ("invalid-request", 422)


def test_too_many_sites(ensemble, rocksalt, settings):
    with serving(settings.model_copy(update={"max_sites": 1}), ensemble) as client:
        response = post(client, str(CifWriter(rocksalt * (2, 1, 1))))
    assert (code(response), response.status_code) == ("structure-too-large", 413)


def test_too_large_a_body(client, settings):
    response = post(client, "x" * (settings.max_upload_bytes + 1))
    assert (code(response), response.status_code) == ("structure-too-large", 413)


def test_too_large_a_body_of_unstated_length_is_not_read_to_its_end(ensemble):
    settings = Settings(max_upload_bytes=60)
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 100
            yield b"x" * 100

    async def post_chunks(client: TestClient) -> httpx.Response:
        transport = httpx.ASGITransport(app=client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as asynchronous:
            return await asynchronous.post(
                "/predict", content=chunks(), headers={"content-type": "text/plain"}
            )

    with serving(settings, ensemble) as client:
        response = asyncio.run(post_chunks(client))
    assert code(response) == "structure-too-large"
    assert sent <= 1200


def test_an_answer_that_is_no_number_is_an_error(client, ensemble, rocksalt_cif):
    ensemble.members = lambda crystals: np.full((1, 9), np.nan)
    response = post(client, rocksalt_cif)
    assert (code(response), response.status_code) == ("damaged-ensemble", 503)


def test_an_unexpected_error_tells_nothing_of_the_inside(client, ensemble, rocksalt_cif, caplog):
    def fail(graphs: object) -> None:
        raise RuntimeError("secret")

    ensemble.predict = fail
    response = post(client, rocksalt_cif)
    assert (code(response), response.status_code) == ("internal-error", 500)
    assert "secret" not in json.dumps(response.json())
    assert "secret" in caplog.text


def test_a_failure_is_not_kept(client, ensemble, rocksalt_cif):
    works, ensemble.predict = ensemble.predict, lambda graphs: 1 / 0
    assert post(client, rocksalt_cif).status_code == 500
    ensemble.predict = works
    assert post(client, rocksalt_cif).json()["cache"] == "miss"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/predict?esemble=mix-stage3", "no query parameter 'esemble'; the call takes ensemble"),
        ("/predict?ensemble=mix-stage3&ensemble=other", "'ensemble' several times"),
        ("/predict/batch?model=a", "no query parameter 'model'"),
        ("/predict/batch?below=1&below=2", "'below' several times"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(client, rocksalt_cif, path, words):
    response = client.post(path, files={"file": ("a.cif", rocksalt_cif)})
    assert (code(response), response.status_code) == ("invalid-request", 422)
    assert words in response.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/predict/mp-149",
        "/structure/mp-149",
        "/ensembles",
        "/ensembles/mix-stage3",
        "/ensembles/mix-stage3/evidence",
        "/info",
    ],
)
def test_calls_without_a_body_refuse_it_too(client, path):
    refused = client.get(f"{path}?esemble=x")
    assert (code(refused), refused.status_code) == ("invalid-request", 422)
    assert "no query parameter 'esemble'; the call takes" in refused.json()["detail"]


def test_a_structure_is_read_for_no_ensemble(client, rocksalt_cif):
    refused = client.post("/structure?ensemble=mix-stage3", content=rocksalt_cif)
    assert code(refused) == "invalid-request"
    assert "takes none" in refused.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/metrics", "/", "/docs", "/problems/timeout"]
)
def test_probes_and_pages_take_any_query(client, path):
    assert client.get(f"{path}?utm_source=x").status_code == 200


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_an_ensemble_in_the_form_is_refused(client, rocksalt_cif, path):
    files = {"file": ("a.cif", rocksalt_cif)}
    response = client.post(path, files=files, data={"ensemble": "mix-stage3"})
    assert code(response) == "invalid-request"
    assert "?ensemble=NAME" in response.json()["detail"]


def test_a_cif_in_json_with_its_name_in_any_order(client, rocksalt_cif):
    for document in ({"cif": rocksalt_cif, "id": "x"}, {"id": "x", "cif": rocksalt_cif}):
        assert client.post("/predict", json=document).json()["material"]["formula"] == "NaCl"


def test_two_files_in_json(client, rocksalt, rocksalt_cif):
    poscar = Poscar(rocksalt).get_str()
    for document in (
        {"cif": rocksalt_cif, "poscar": poscar},
        {"poscar": poscar, "cif": rocksalt_cif},
    ):
        response = client.post("/predict", json=document)
        assert code(response) == "invalid-request"
        assert "has cif and poscar; send one file" in response.json()["detail"]
