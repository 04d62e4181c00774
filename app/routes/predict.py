"""POST /predict and GET /predict/{material_id}."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.routing import APIRoute

from app.dependencies import EnsembleName, PredictorDep, RuntimeDep
from app.errors import InvalidRequest, NotReady, RequestTimeout, UnsupportedMediaType
from app.predictor import Prediction
from app.problems import problem_responses
from app.runtime import Runtime
from app.schemas import Answer
from app.upload import REQUEST_BODY, read_cif
from models import errors


class UploadRoute(APIRoute):
    """A route that gives the answer it gave to the same upload before, if it is at hand.

    What FastAPI does for an endpoint's parameters takes longer than such an answer.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        predict = super().get_route_handler()

        async def handle(request: Request) -> Response:
            prediction = await answered(request)
            return await predict(request) if prediction is None else answer(prediction)

        return handle


router = APIRouter(tags=["predict"])
uploads = APIRouter(tags=["predict"], route_class=UploadRoute)

UPLOAD_ERRORS = (
    errors.UnreadableStructure,
    errors.NoStructure,
    errors.SeveralStructures,
    UnsupportedMediaType,
)
STRUCTURE_ERRORS = (
    errors.DisorderedStructure,
    errors.UnsupportedElement,
    errors.OverlappingSites,
    errors.IsolatedAtom,
    errors.StructureTooLarge,
)
SERVICE_ERRORS = (
    errors.UnknownEnsemble,
    errors.DamagedEnsemble,
    errors.Overloaded,
    InvalidRequest,
    NotReady,
    RequestTimeout,
)


@uploads.post(
    "/predict",
    response_model=Answer,
    responses=problem_responses(
        *UPLOAD_ERRORS,
        *STRUCTURE_ERRORS,
        *SERVICE_ERRORS,
    ),
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def predict_cif(
    request: Request,
    runtime: RuntimeDep,
    predictor: PredictorDep,
    ensemble: EnsembleName = None,
) -> Response:
    """Predict the lattice thermal conductivity of the crystal in a CIF."""
    text = await read_cif(request, runtime.settings.max_upload_bytes)
    return answer(await predictor.predict_cif(text, ensemble))


@router.get(
    "/predict/{material_id}",
    response_model=Answer,
    responses=problem_responses(
        errors.InvalidMaterialId,
        errors.UnknownMaterial,
        errors.MaterialsProjectKeyMissing,
        errors.MaterialsProjectUnavailable,
        *STRUCTURE_ERRORS,
        *SERVICE_ERRORS,
    ),
)
async def predict_material(
    material_id: Annotated[str, Path(description="Materials Project id.", examples=["mp-9127"])],
    predictor: PredictorDep,
    ensemble: EnsembleName = None,
) -> Response:
    """Predict the lattice thermal conductivity of a material of the Materials Project."""
    return answer(await predictor.predict_material(material_id, ensemble))


async def answered(request: Request) -> Prediction | None:
    """Return the prediction for an upload answered before; all else is for the endpoint to say."""
    runtime: Runtime = request.app.state.runtime
    predictor = runtime.predictor
    if predictor is None:
        return None
    ensembles = predictor.ensembles
    name = request.query_params.get("ensemble", ensembles.default)
    if name not in ensembles.by_name:
        return None
    text = await read_cif(request, runtime.settings.max_upload_bytes)
    return predictor.answered(text, ensembles.by_name[name])


def answer(prediction: Prediction) -> Response:
    """Return the response; its body is JSON already, as the cache holds it."""
    headers = {"Server-Timing": server_timing(prediction)}
    return Response(prediction.answer, headers=headers, media_type="application/json")


def server_timing(prediction: Prediction) -> str:
    """Return the durations of the steps in milliseconds, as the Server-Timing header has them."""
    return ", ".join(f"{step};dur={1e3 * s:.2f}" for step, s in prediction.seconds.items())
