"""Cases made from the contract by schemathesis, against a real service with fake ensembles."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.endurance.load import crystals
from tests.materials_project_server import running_server
from tests.service_process import ServiceProcess, service_process

SCHEMATHESIS = "schemathesis==4.32.5"
DOCUMENT = Path(__file__).parents[2] / "openapi.json"
CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
MOST_SECONDS = 2  # for one answer
PER_CALL = 1000  # cases of each call in one round
AT_ONCE = 4
# Half of the values are known to the service: what is behind them is reached too.
KNOWN = {
    "query.ensemble": ["mix-stage3"],
    "path.name": ["mix-stage3"],
    "path.material_id": ["mp-22862", "mp-9127"],
    "path.code": ["overloaded", "no-structure"],
    "body.cif": [next(crystals()).text],
    "body.file": [next(crystals()).text],
}


def contract(cases: int, first_seed: int = 0) -> bool:
    """Return whether all answers to so many cases are as the contract says; print the figures."""
    start = time.monotonic()
    sent, faults = 0, 0
    with running_server() as materials, tempfile.TemporaryDirectory() as folder:
        Path(folder, "schemathesis.toml").write_text(_configuration())
        Path(folder, DOCUMENT.name).write_text(_without_defaults())
        settings = {"MP_API_ENDPOINT": materials.endpoint, "MP_API_KEY": "k" * 32}
        with service_process(**settings) as service:
            while sent < cases:
                found, held = _round(service, folder, first_seed + sent)
                sent, faults = sent + found, faults + (not held)
                seconds = time.monotonic() - start
                print(f"{sent} cases in {seconds:.0f} s, {faults} rounds failed", flush=True)  # noqa: T201
            print(json.dumps(_statuses(service), indent=2))  # noqa: T201
    return not faults


def _round(service: ServiceProcess, folder: str, seed: int) -> tuple[int, bool]:
    """Return how many cases were sent, and whether all held."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "tool", "run", SCHEMATHESIS, "run", DOCUMENT.name, f"--url={service.url}"]
    options = {
        "phases": "fuzzing",
        "max-examples": PER_CALL,
        "workers": AT_ONCE,
        "seed": seed,
        "checks": ",".join(CHECKS),
        "max-response-time": MOST_SECONDS,
        "generation-database": "none",
        "suppress-health-check": "all",
    }
    command += [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run(
        [*command, "--continue-on-failure", "--no-shrink", "--no-color"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    counted = re.search(r"(\d+) generated", done.stdout)
    if done.returncode or counted is None:
        print(done.stdout, done.stderr, flush=True)  # noqa: T201
    if counted is None:
        raise RuntimeError("schemathesis has sent nothing")
    return int(counted[1]), done.returncode == 0


def _without_defaults() -> str:
    """Return the contract without the answer that allows any status: no case should meet it."""
    document = json.loads(DOCUMENT.read_text())
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["responses"]["default"]
    return json.dumps(document)


def _configuration() -> str:
    """Return the configuration of schemathesis: `KNOWN` as dictionaries of its own."""
    lines = ["[parameters]"]
    for number, place in enumerate(KNOWN):
        lines.append(f'"{place}" = {{ dictionary = "known-{number}", probability = 0.5 }}')
    for number, values in enumerate(KNOWN.values()):
        lines += [f"[dictionaries.known-{number}]", f"values = {json.dumps(values)}"]
    return "\n".join(lines)


def _statuses(service: ServiceProcess) -> dict[str, int]:
    """Return how often each status was answered."""
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(service.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "paraisite_requests_total":
                found[sample.labels["status"]] += int(sample.value)
    return dict(sorted(found.items()))
