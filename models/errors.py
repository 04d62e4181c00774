"""Every error this project raises on purpose; none of them knows HTTP.

ParaisiteError
├── StructureError
│   ├── UnreadableStructure
│   ├── NoStructure
│   ├── SeveralStructures
│   ├── DisorderedStructure
│   ├── UnsupportedElement
│   ├── StructureTooLarge
│   ├── OverlappingSites
│   └── IsolatedAtom
├── MaterialError
│   ├── InvalidMaterialId
│   ├── UnknownMaterial
│   ├── MaterialsProjectKeyMissing
│   └── MaterialsProjectUnavailable
├── EnsembleError
│   ├── UnknownEnsemble
│   └── DamagedEnsemble
├── Overloaded
└── DataError
"""

from typing import ClassVar


class ParaisiteError(Exception):
    """An error with a stable `code`, a short `title`, and a message naming cause and remedy."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"


class StructureError(ParaisiteError):
    """The crystal structure given cannot be used."""

    code = "structure"
    title = "Unusable structure"


class UnreadableStructure(StructureError):
    """The text is not a structure file that can be read."""

    code = "unreadable-structure"
    title = "Unreadable structure"


class NoStructure(StructureError):
    """The input holds no crystal structure."""

    code = "no-structure"
    title = "No structure found"


class SeveralStructures(StructureError):
    """The input holds more than one crystal structure where one is wanted."""

    code = "several-structures"
    title = "Several structures found"


class DisorderedStructure(StructureError):
    """Some sites are partly occupied or shared between elements."""

    code = "disordered-structure"
    title = "Disordered structure"


class UnsupportedElement(StructureError):
    """The structure holds an element the network has no embedding for."""

    code = "unsupported-element"
    title = "Unsupported element"


class StructureTooLarge(StructureError):
    """The input is larger than the service accepts."""

    code = "structure-too-large"
    title = "Structure too large"


class OverlappingSites(StructureError):
    """Two atoms sit closer together than atoms can."""

    code = "overlapping-sites"
    title = "Overlapping sites"


class IsolatedAtom(StructureError):
    """An atom has no neighbor at any distance the network can see."""

    code = "isolated-atom"
    title = "Isolated atom"


class MaterialError(ParaisiteError):
    """The structure of a material could not be had by its id."""

    code = "material"
    title = "Material not available"


class InvalidMaterialId(MaterialError):
    """The text is not a Materials Project id."""

    code = "invalid-material-id"
    title = "Invalid material id"


class UnknownMaterial(MaterialError):
    """The Materials Project has no material of this id."""

    code = "unknown-material"
    title = "Unknown material"


class MaterialsProjectKeyMissing(MaterialError):
    """No API key is set for the Materials Project, or it was refused."""

    code = "materials-project-key-missing"
    title = "No Materials Project key"


class MaterialsProjectUnavailable(MaterialError):
    """The Materials Project did not answer, or not in time."""

    code = "materials-project-unavailable"
    title = "Materials Project unavailable"


class EnsembleError(ParaisiteError):
    """An ensemble cannot be served."""

    code = "ensemble"
    title = "Ensemble not available"


class UnknownEnsemble(EnsembleError):
    """No ensemble of this name is loaded."""

    code = "unknown-ensemble"
    title = "Unknown ensemble"


class DamagedEnsemble(EnsembleError):
    """A file of an ensemble is missing, or differs from its manifest."""

    code = "damaged-ensemble"
    title = "Damaged ensemble"


class Overloaded(ParaisiteError):
    """More work is waiting than can be done in time."""

    code = "overloaded"
    title = "Overloaded"


class DataError(ParaisiteError):
    """A data set, table or published weight file is not what it should be."""

    code = "data"
    title = "Bad data"
