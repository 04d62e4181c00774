"""Runtime of one app: its settings, and its predictor once the ensembles are checked."""

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence

from app.background import in_background
from app.cache.base import Cache
from app.errors import NotReady
from app.monitoring.metrics import Metrics
from app.service.ensembles import Ensembles, ServedEnsemble, check_ensembles
from app.service.evidence import evidence_of
from app.service.materials import MaterialSource
from app.service.predictor import Predictor
from app.service.query import make_query
from app.service.watched import Watched
from app.settings import Settings
from app.startup import give_back_memory, without_collection
from models.code import code_digest
from models.errors import EnsembleError
from models.structure.read import DEFAULT_LIMITS, read_structure

log = logging.getLogger(__name__)

ROCKSALT = """data_NaCl
_cell_length_a 3.99
_cell_length_b 3.99
_cell_length_c 3.99
_cell_angle_alpha 60
_cell_angle_beta 60
_cell_angle_gamma 60
loop_
_atom_site_type_symbol
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Na Na1 0 0 0
Cl Cl1 0.5 0.5 0.5
"""

LoadEnsembles = Callable[[Settings], Sequence[ServedEnsemble]]


class Runtime:
    """The parts of one app; `ready` gives the predictor, once there is one."""

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        materials: MaterialSource,
        metrics: Metrics,
        watched: Watched,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.watched = watched
        self._cache = cache
        self._materials = materials
        self._predictor: Predictor | None = None
        self._is_placeholder = False

    @property
    def predictor(self) -> Predictor | None:
        """The predictor; None until every ensemble is loaded and checked."""
        return self._predictor

    def look(self) -> bool:
        """Return whether requests may come; tells the supervisor that the event loop runs.

        They may once there is a predictor, or if there will be none: then all end in NotReady.
        """
        self.watched.look()
        return self._predictor is not None or self._is_placeholder

    def ready(self) -> Predictor:
        """Return the predictor. Raises NotReady until every ensemble is loaded and checked."""
        if self._predictor is None:
            raise NotReady("The ensembles are being loaded and checked; try again in seconds.")
        return self._predictor

    async def load(self, load: LoadEnsembles) -> None:
        """Load and check the ensembles, then be ready. Raises EnsembleError."""
        ensembles = await asyncio.to_thread(load_checked, self.settings, load)
        self._predictor = Predictor(
            self.settings,
            ensembles,
            self._cache,
            self._materials,
            self.metrics,
            watched=self.watched,
        )
        log.info("Ready; %s answers by default.", ensembles.default)

    @contextlib.asynccontextmanager
    async def loading(
        self, load: LoadEnsembles | None, on_failure: Callable[[], None]
    ) -> AsyncIterator[None]:
        """Load in the background, and call `on_failure` if that fails; None: nothing is loaded."""
        if load is None:
            self._is_placeholder = True
            yield
            return
        async with in_background(self._load_or_fail(load, on_failure)):
            yield

    async def close(self) -> None:
        """Drop waiting work and close the cache."""
        if self._predictor is not None:
            self._predictor.close()
            self._predictor = None
            gc.unfreeze()
        await self._cache.close()

    async def _load_or_fail(self, load: LoadEnsembles, on_failure: Callable[[], None]) -> None:
        try:
            await self.load(load)
        except EnsembleError as error:
            log.critical("Cannot serve: %s", error)
            on_failure()
        except Exception as error:
            log.critical("Cannot serve: %s", error, exc_info=error)
            on_failure()
        else:
            # A daemon: an import of many seconds must not hold up the end of the process.
            threading.Thread(target=self._materials.prepare, daemon=True).start()


def load_checked(settings: Settings, load: LoadEnsembles) -> Ensembles:
    """Return the ensembles, loaded and checked. Raises EnsembleError."""
    with without_collection():
        ensembles = check_ensembles(load(settings), settings)
        # The first request need not wait for these.
        for ensemble in ensembles.by_name.values():
            evidence_of(ensemble)
        make_query(read_structure(ROCKSALT), DEFAULT_LIMITS)
        code_digest()
    give_back_memory()
    return ensembles
