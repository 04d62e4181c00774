"""GET /ensembles, GET /ensembles/{name} and its evidence."""

from fastapi import APIRouter, Depends, Request, Response

from app.api.dependencies import EnsemblesDep, query_of
from app.api.files import unless_known
from app.api.problems import problem_responses
from app.errors import InvalidRequest, NotReady
from app.schemas import (
    EnsembleDetail,
    EnsembleEntry,
    EnsembleEvidence,
    EnsembleList,
)
from app.service.evidence import evidence_of
from models.errors import UnknownEnsemble

router = APIRouter(tags=["ensembles"], dependencies=[Depends(query_of())])


@router.get("/ensembles", responses=problem_responses(NotReady, InvalidRequest))
async def list_ensembles(ensembles: EnsemblesDep) -> EnsembleList:
    """List the loaded ensembles."""
    return EnsembleList(
        ensembles=[
            EnsembleEntry(name=name, digest=item.digest, default=name == ensembles.default)
            for name, item in ensembles.by_name.items()
        ]
    )


@router.get(
    "/ensembles/{name}", responses=problem_responses(UnknownEnsemble, NotReady, InvalidRequest)
)
async def show_ensemble(name: str, ensembles: EnsemblesDep) -> EnsembleDetail:
    """Show one loaded ensemble with its manifest: training data, members, metrics."""
    ensemble = ensembles.get(name)
    return EnsembleDetail(
        name=name,
        digest=ensemble.digest,
        default=name == ensembles.default,
        manifest=ensemble.manifest.model_dump(mode="json"),
    )


@router.get(
    "/ensembles/{name}/evidence",
    response_model=EnsembleEvidence,
    responses={
        304: {"description": "It is the same as that with the ETag in If-None-Match."},
        **problem_responses(UnknownEnsemble, NotReady, InvalidRequest),
    },
)
async def show_evidence(name: str, request: Request, ensembles: EnsemblesDep) -> Response:
    """List the training crystals, each with the prediction of members not trained on it."""
    document = evidence_of(ensembles.get(name))
    headers = {"ETag": document.etag, "Cache-Control": "no-cache"}
    response = Response(document.content, headers=headers, media_type="application/json")
    return unless_known(request, response)
