"""When and with what a measure was taken."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version

PACKAGES = ("tensorflow", "numpy", "pymatgen", "gemmi", "fastapi", "uvicorn", "megnet")


def stamp() -> dict[str, str]:
    """Return date, machine and versions, to be kept with what is measured now."""
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": _machine(),
        "versions": ", ".join([f"Python {platform.python_version()}", *packages]),
    }


def _machine() -> str:
    lines = subprocess.run(
        ["lscpu"], capture_output=True, check=True, text=True
    ).stdout.splitlines()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    return f"{facts['CPU(s)'].strip()} cores of {facts['Model name'].strip()}"
