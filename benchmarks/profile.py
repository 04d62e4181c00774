"""Where the time of one answer of the default ensemble goes, from a CIF: cold, warm and cached."""

import asyncio
import time
from typing import Any

from app.cache.memory import MemoryCache
from app.monitoring.metrics import Metrics
from app.service.ensembles import check_ensembles, load_ensembles
from app.service.predictor import Predictor
from app.settings import Settings
from benchmarks.crystals import cif, crystal
from benchmarks.timing import Spread
from models.structure.materials_project.client import MaterialsProject

SIZES = (2, 10, 40, 150)  # atoms
ROUNDS = 15


def measure() -> dict[str, Any]:
    """Return milliseconds by size, state and step."""
    start = time.perf_counter()
    settings = Settings(redis_url=None, mp_api_key=None)
    ensembles = check_ensembles(load_ensembles(settings), settings)
    found: dict[str, Any] = {"load_s": round(time.perf_counter() - start, 2)}
    predictor = Predictor(
        settings,
        ensembles,
        MemoryCache(settings.memory_cache_bytes),
        MaterialsProject(None, endpoint=settings.mp_api_endpoint, timeout=1.0),
        Metrics(),
    )
    with asyncio.Runner() as runner:
        for size in SIZES:
            found[f"{size} atoms"] = runner.run(_one_size(predictor, size))
    predictor.close()
    return found


async def _one_size(predictor: Predictor, size: int) -> dict[str, Any]:
    texts = [cif(crystal(size, seed)) for seed in range(ROUNDS + 1)]
    cold, *warm = [await _milliseconds(predictor, text) for text in texts]
    cached = [await _milliseconds(predictor, text) for text in texts]
    return {
        "cold": {step: round(value, 3) for step, value in cold.items()},
        "warm": _medians(warm),
        "cached": _medians(cached),
    }


async def _milliseconds(predictor: Predictor, text: str) -> dict[str, float]:
    start = time.perf_counter()
    prediction = await predictor.predict_file(text)
    total = 1e3 * (time.perf_counter() - start)
    steps = {step: 1e3 * value for step, value in prediction.seconds.items()}
    return {**steps, "total": total}


def _medians(runs: list[dict[str, float]]) -> dict[str, Any]:
    return {step: Spread.of([run[step] for run in runs]).document() for step in runs[0]}
