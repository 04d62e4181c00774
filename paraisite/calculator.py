"""Base of the calculators, after matcalc's PropCalc: structures in, dicts out."""

import abc
from collections.abc import Iterable, Iterator
from itertools import tee
from typing import Any

from app.schemas import Answer
from paraisite.row import answer_row, error_row, with_given
from paraisite.structures import check_several


class LtcCalc(abc.ABC):
    """Calculator of the lattice thermal conductivity at 300 K.

    A structure is one of pymatgen or ASE, a dict (a document that the service reads, or a result
    of another calculator of matcalc), a path, or the text or bytes of a structure file.
    """

    @abc.abstractmethod
    def predict_many(
        self, structures: Iterable[object], n_jobs: int | None = None
    ) -> Iterator[Answer | Exception]:
        """Yield the service's answer for each structure, in order, or the error in its place."""

    @abc.abstractmethod
    def predict_material(self, material_id: str) -> Answer:
        """Return the answer for a material of the Materials Project, such as mp-149.

        Raises MaterialError, StructureError.
        """

    def predict(self, structure: object) -> Answer:
        """Return the service's answer for a structure.

        Raises StructureError, and OSError for a file that cannot be read.
        """
        (answer,) = self.predict_many([structure])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def calc(self, structure: object) -> dict[str, Any]:
        """Return the answer for a structure as a flat dict (`paraisite.answer_row`).

        A structure of pymatgen is passed on as `final_structure`, and so are the entries of a dict
        that holds one. Raises what `predict` raises.
        """
        return with_given(structure, answer_row(self.predict(structure)))

    def calc_many(
        self,
        structures: Iterable[object],
        n_jobs: int | None = None,
        allow_errors: bool = False,  # noqa: FBT001, FBT002 - as matcalc has it
        **_options: Any,
    ) -> Iterator[dict[str, Any]]:
        """Yield what `calc` returns for each structure, in order.

        A structure that fails raises, or with `allow_errors` gives a dict with its `error`, where
        matcalc gives None: a table keeps its row. Other options of matcalc have no effect.
        """
        check_several(structures)
        given, wanted = tee(structures)
        for structure, answer in zip(given, self.predict_many(wanted, n_jobs), strict=True):
            if not isinstance(answer, Exception):
                yield with_given(structure, answer_row(answer))
            elif allow_errors:
                yield with_given(structure, error_row(answer))
            else:
                raise answer
