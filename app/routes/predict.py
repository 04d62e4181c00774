"""POST /predict and GET /predict/{material_id}."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.dependencies import EnsembleName, PredictorDep, RuntimeDep
from app.errors import InvalidRequest, NotReady, RequestTimeout, UnsupportedMediaType
from app.predictor import Prediction
from app.problems import problem_responses
from app.schemas import Answer
from app.upload import REQUEST_BODY, read_cif
from models import errors

router = APIRouter(tags=["predict"])

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


@router.post(
    "/predict",
    responses=problem_responses(
        errors.UnreadableStructure,
        errors.NoStructure,
        errors.SeveralStructures,
        UnsupportedMediaType,
        *STRUCTURE_ERRORS,
        *SERVICE_ERRORS,
    ),
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def predict_cif(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    predictor: PredictorDep,
    ensemble: EnsembleName = None,
) -> Answer:
    """Predict the lattice thermal conductivity of the crystal in a CIF."""
    text = await read_cif(request, runtime.settings.max_upload_bytes)
    prediction = await predictor.predict_cif(text, ensemble)
    response.headers["Server-Timing"] = server_timing(prediction)
    return prediction.answer


@router.get(
    "/predict/{material_id}",
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
    response: Response,
    predictor: PredictorDep,
    ensemble: EnsembleName = None,
) -> Answer:
    """Predict the lattice thermal conductivity of a material of the Materials Project."""
    prediction = await predictor.predict_material(material_id, ensemble)
    response.headers["Server-Timing"] = server_timing(prediction)
    return prediction.answer


def server_timing(prediction: Prediction) -> str:
    """Return the durations of the steps in milliseconds, as the Server-Timing header has them."""
    return ", ".join(f"{step};dur={1e3 * s:.2f}" for step, s in prediction.seconds.items())
