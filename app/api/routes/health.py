"""Liveness, readiness and metrics."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from app.api.dependencies import PredictorDep, RuntimeDep
from app.api.problems import problem_responses
from app.errors import NotReady
from app.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/health/live")
async def live() -> Health:
    """Answer while the process works."""
    return Health(status="live")


@router.get("/health/ready", responses=problem_responses(NotReady))
async def ready(_predictor: PredictorDep) -> Health:
    """Answer once every ensemble is loaded, warmed and checked."""
    return Health(status="ready")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(runtime: RuntimeDep) -> Response:
    """Give the metrics in the Prometheus text format."""
    return Response(await runtime.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
