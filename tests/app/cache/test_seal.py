"""Values in Redis that the service has not written there, or not under that key."""

import json

import pytest

from app.cache.entries import CACHE_VERSION
from app.cache.redis import RedisCache
from app.cache.seal import Seal
from app.settings import Settings
from tests.app.api.test_predict import post
from tests.app.cache.test_redis import redis_server, with_redis
from tests.app.conftest import FakeEnsemble, serving

__all__ = ["redis_server"]


def settings_of(server, **others):
    return Settings(redis_url=server.url, memory_cache_bytes=0, redis_timeout=1.0, **others)


def test_a_value_is_opened_under_its_own_key_and_secret_only():
    sealed = Seal("secret").close("key", b"value")
    assert Seal("secret").open("key", sealed) == b"value"
    assert Seal("secret").open("other", sealed) is None
    assert Seal("other").open("key", sealed) is None
    assert Seal().open("key", sealed) is None
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        assert Seal("secret").open("key", bytes(damaged)) is None
    assert Seal("secret").open("key", b"") is None
    assert Seal("secret").open("ke", Seal("secret").close("key", b"y")) is None


def test_an_answer_copied_to_another_key_is_not_served(
    redis_server, ensemble, rocksalt_cif, zincblende_cif
):
    with serving(settings_of(redis_server), ensemble) as client:
        right = {cif: post(client, cif).json()["ltc"] for cif in (rocksalt_cif, zincblende_cif)}
        assert right[rocksalt_cif] != right[zincblende_cif]
        with redis_server.client() as store:
            for kind in ("upload", "answer"):
                one, other = sorted(store.keys(f"paraisite:{CACHE_VERSION}:*:{kind}:*"))
                values = store.get(one), store.get(other)
                store.set(one, values[1])
                store.set(other, values[0])
        for cif, ltc in right.items():
            assert post(client, cif).json()["ltc"] == ltc
        assert "paraisite_redis_rejected_values 4.0" in client.get("/metrics").text


def test_answers_of_another_secret_are_not_served(redis_server, rocksalt_cif):
    states = []
    for secret in ("one", "two", "two"):
        with serving(settings_of(redis_server, cache_secret=secret), FakeEnsemble()) as client:
            states.append(post(client, rocksalt_cif).json()["cache"])
    assert states == ["miss", "miss", "hit"]


FAR = [[0.0, 0.0, 0.0], [0.5, 0.5, 1e15]]
NEAR = [[0.0, 0.0, 0.0], [0.0, 0.0, 1e-6]]


@pytest.mark.parametrize(
    ("lattice", "positions"),
    [
        ([[4.0, 0, 0], [0, 4.0, 0], [0, 0, 4.0]], FAR),
        ([[4.0, 0, 0], [0, 4.0, 0], [0, 0, 4.0]], NEAR),
        ([[1e9, 0, 0], [0, 1e9, 0], [0, 0, 1e9]], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    ],
)
def test_a_structure_out_of_the_cache_is_checked_as_any_other(
    redis_server, materials_project, ensemble, lattice, positions
):
    """One with an atom at 1e15 used to hold the process until it was killed."""
    settings = settings_of(
        redis_server, mp_api_key="k" * 32, mp_api_endpoint=materials_project.endpoint
    )
    stored = {
        "lattice": [[float(x) for x in row] for row in lattice],
        "species": ["Na", "Cl"],
        "frac_coords": [[float(x) for x in row] for row in positions],
    }

    with serving(settings, ensemble) as client:
        assert client.get("/predict/mp-22862").status_code == 200
        with redis_server.client() as store:
            (name,) = (key.decode() for key in store.keys("*:material:mp-22862"))

        async def forge(cache: RedisCache) -> None:
            await cache.set(name, json.dumps({"stored": stored}).encode(), 100)

        with_redis(redis_server.url, forge)
        assert client.get("/predict/mp-22862").status_code in (413, 422)


def test_capital_letters_ask_for_the_same_material(materials_project, ensemble):
    settings = Settings(mp_api_key="k" * 32, mp_api_endpoint=materials_project.endpoint)
    with serving(settings, ensemble) as client:
        answers = [client.get(f"/predict/{i}").json() for i in ("MP-22862", "mp-22862")]
    assert [answer["cache"] for answer in answers] == ["miss", "hit"]
    assert {answer["material"]["material_id"] for answer in answers} == {"mp-22862"}
