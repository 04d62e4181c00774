"""GET /ensembles, GET /ensembles/{name} and its evidence."""

from fastapi import APIRouter, Depends

from app.api.dependencies import EnsemblesDep, query_of
from app.api.problems import problem_responses
from app.errors import InvalidRequest, NotReady
from app.schemas import (
    EnsembleDetail,
    EnsembleEntry,
    EnsembleEvidence,
    EnsembleList,
)
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


# No coroutine: thousands of references are put together and written in a thread.
@router.get(
    "/ensembles/{name}/evidence",
    responses=problem_responses(UnknownEnsemble, NotReady, InvalidRequest),
)
def show_evidence(name: str, ensembles: EnsemblesDep) -> EnsembleEvidence:
    """List the training crystals, each with the prediction of members not trained on it."""
    return EnsembleEvidence.of(ensembles.get(name).references)
