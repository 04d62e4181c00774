"""GET /ensembles, GET /ensembles/{name} and its evidence."""

from fastapi import APIRouter

from app.api.dependencies import EnsemblesDep
from app.api.problems import problem_responses
from app.errors import InvalidRequest, NotReady
from app.schemas import (
    EnsembleDetail,
    EnsembleEntry,
    EnsembleEvidence,
    EnsembleList,
    ReferenceEntry,
)
from models.errors import UnknownEnsemble
from models.prediction.evidence import Reference

router = APIRouter(tags=["ensembles"])


@router.get("/ensembles", responses=problem_responses(NotReady))
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
    """List the crystals an ensemble learned its LTC from, with what it said of them unseen."""
    references = ensembles.get(name).references
    return EnsembleEvidence(references=[_entry(reference) for reference in references])


def _entry(reference: Reference) -> ReferenceEntry:
    return ReferenceEntry(
        material_id=reference.material_id,
        formula=reference.formula,
        dataset=reference.dataset,
        ltc=reference.ltc,
        out_of_fold=reference.out_of_fold,
    )
