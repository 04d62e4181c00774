"""POST /structure and GET /structure/{material_id}: the crystal that a prediction is made for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from app.api.dependencies import PredictorDep, RuntimeDep, query_of
from app.api.problems import problem_responses
from app.api.routes.predict import STRUCTURE_ERRORS, UPLOAD_ERRORS
from app.api.upload import REQUEST_BODY, read_upload
from app.errors import InvalidRequest, NotReady, RequestTimeout, WorkStopped
from app.schemas import CrystalStructure
from models import errors

router = APIRouter(tags=["structure"], dependencies=[Depends(query_of())])

# Neighbours are not looked for, so that no atom is found isolated.
READING_ERRORS = tuple(error for error in STRUCTURE_ERRORS if error is not errors.IsolatedAtom)
SERVICE_ERRORS = (errors.Overloaded, InvalidRequest, NotReady, RequestTimeout, WorkStopped)


@router.post(
    "/structure",
    responses=problem_responses(
        *UPLOAD_ERRORS,
        *READING_ERRORS,
        *SERVICE_ERRORS,
    ),
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def read_structure(
    request: Request, runtime: RuntimeDep, predictor: PredictorDep
) -> CrystalStructure:
    """Read a structure file as a prediction does, and give all sites of its cell."""
    content = await read_upload(request, runtime.settings)
    return CrystalStructure.of(await predictor.read_structure(content))


@router.get(
    "/structure/{material_id}",
    responses=problem_responses(
        errors.InvalidMaterialId,
        errors.UnknownMaterial,
        errors.MaterialsProjectKeyMissing,
        errors.MaterialsProjectUnavailable,
        *READING_ERRORS,
        *SERVICE_ERRORS,
    ),
)
async def material_structure(
    material_id: Annotated[str, Path(description="Materials Project id.", examples=["mp-9127"])],
    predictor: PredictorDep,
) -> CrystalStructure:
    """Give all sites of the cell of a material of the Materials Project."""
    return CrystalStructure.of(await predictor.material_structure(material_id))
