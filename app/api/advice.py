"""Remedies for each kind of error."""

from collections.abc import Mapping

from app import errors as service
from app.api.problems import Kind
from models import errors

_LATER = "Wait a little and try again; nothing is wrong with the crystal."
_SLOW = "Try again over a faster connection; a proxy or a sleeping computer may have held it up."
_OPERATOR = "Tell whoever runs this service; nothing is wrong with the crystal."

ADVICE: Mapping[Kind, str] = {
    errors.UnreadableStructure: "Open the file in a crystal viewer such as VESTA and export it "
    "as CIF, or send a POSCAR. A file cut off while it was copied or downloaded is the usual "
    "cause.",
    errors.NoStructure: "Send a file with cell, elements and positions. A CIF without atom sites, "
    "as some publishers give for the abstract only, is not enough.",
    errors.SeveralStructures: "Split the file and send one structure at a time; the page takes "
    "several files, a folder or a zip archive at once.",
    errors.DisorderedStructure: "Send an ordered cell, for instance one of the orderings that "
    "pymatgen's OrderDisorderedStructureTransformation gives.",
    errors.UnsupportedElement: "There is no prediction for crystals with this element; compute "
    "them from first principles.",
    errors.OverlappingSites: "Check units and symmetry: Cartesian positions read as fractional "
    "ones, or symmetry applied twice, put atoms onto each other.",
    errors.IsolatedAtom: "Check the unit of the cell lengths, and send a crystal rather than atoms "
    "or molecules in a box: each atom needs a neighbor within 10 angstroms.",
    errors.StructureTooLarge: "Send the primitive cell, without reflections or other raw data.",
    errors.InvalidMaterialId: "Ids of the Materials Project look like mp-149.",
    errors.UnknownMaterial: "Look the id up at the Materials Project: ids of single calculations, "
    "and of materials that were merged or deprecated, are not material ids.",
    errors.MaterialsProjectKeyMissing: "Send the structure as a file instead, or ask whoever runs "
    "this service to set MP_API_KEY.",
    errors.MaterialsProjectUnavailable: "Try again later, or send the structure as a file.",
    errors.UnknownEnsemble: "Choose one of the ensembles that the first page lists.",
    errors.DamagedEnsemble: _OPERATOR,
    errors.Overloaded: _LATER,
    service.InvalidRequest: "Compare the request with the description of the call under API.",
    service.UnsupportedMediaType: "Send the file as a form field, as the curl command beside every "
    "answer does.",
    service.RouteNotFound: "Check the address; the calls are listed under API.",
    service.MethodNotAllowed: "Check the method; the calls are listed under API.",
    service.NotReady: "The service has just been started. Wait a few seconds and try again.",
    service.RequestTimeout: _LATER,
    service.WorkStopped: "Send the primitive cell, as a plain CIF or POSCAR.",
    service.MalformedRequest: "Send the request with an HTTP client, such as curl.",
    service.HeadTooLarge: "Send fewer or shorter headers; cookies of other services on the same "
    "host are the usual cause.",
    service.UrlTooLong: "Send the structure in the body of a POST, not in the URL.",
    service.HeadTimeout: _SLOW,
    service.BodyTimeout: _SLOW,
    service.TooManyConnections: _LATER,
    service.UnknownHost: "Use the address that the service is published under, or tell whoever "
    "runs it to add this one to TRUSTED_HOSTS.",
    service.Unauthorized: "Ask whoever runs this service for an API key, and send it as the "
    "description of the calls says.",
    service.RateLimited: "Wait as long as the header Retry-After says; send fewer requests at a "
    "time.",
    service.Stopping: _LATER,
    service.InternalError: "Try again; if it fails again, tell whoever runs this service.",
}
