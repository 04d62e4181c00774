"""Tools of the Model Context Protocol: predict, explain, compare."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp.types import ToolAnnotations
from pydantic import Field

from app import __version__
from app.errors import NotReady, Unauthorized
from app.schemas import Answer
from models.errors import ParaisiteError, UnknownEnsemble
from models.structure.materials_project.client import MATERIAL_ID
from paraisite import connect, load
from paraisite.calculator import LtcCalc
from paraisite.mcp.records import Comparison, Estimate, Explanation, Failed
from paraisite.mcp.stdio import patient_stdio
from paraisite.problems import ServiceUnreachable

INSTRUCTIONS = (
    "Predicts the lattice thermal conductivity of ordered crystals at 300 K in W/(m K). Give the "
    "interval with the value, and say so where the verdict is not inside. The number is of the "
    "perfect bulk crystal, without heat carried by electrons. A formula alone is no crystal: a "
    "structure file or a Materials Project id is needed."
)
# What would fail for every crystal alike.
EVERY_CRYSTALS = (UnknownEnsemble, NotReady, ServiceUnreachable, Unauthorized)
MOST_CRYSTALS = 50  # in a comparison
ANNOTATIONS = ToolAnnotations(read_only_hint=True)

Crystal = Annotated[
    str,
    Field(
        description="Text of a structure file (CIF, POSCAR, extended XYZ, or JSON of pymatgen, "
        "OPTIMADE, ASE or JARVIS), or a Materials Project id such as mp-149."
    ),
]
Crystals = Annotated[list[Crystal], Field(min_length=2, max_length=MOST_CRYSTALS)]


class Tools:
    """The tools, on a calculator that is loaded in the background: clients do not wait long."""

    def __init__(self, load: Callable[[], LtcCalc]) -> None:
        self._calculator = ThreadPoolExecutor(1).submit(load)

    def predict(self, crystal: Crystal) -> Estimate:
        """Predict the lattice thermal conductivity of a crystal at 300 K, with its interval."""
        with _told():
            return Estimate.of(_answer(self._calculator.result(), crystal))

    def explain(self, crystal: Crystal) -> Explanation:
        """Explain how far the prediction for a crystal can be trusted.

        Gives the reasons for its verdict, the nearest training crystals with their reference
        values, estimates by analytical models, and what the number includes.
        """
        with _told():
            return Explanation.of(_answer(self._calculator.result(), crystal))

    def compare(self, crystals: Crystals) -> Comparison:
        """Rank crystals by predicted lattice thermal conductivity, lowest first.

        Says for each whether the order is certain. Crystals that cannot be predicted are listed
        with the reason.
        """
        answers, failed = [], []
        with _told():
            calculator = self._calculator.result()
            for position, crystal in enumerate(crystals):
                try:
                    answers.append(_answer(calculator, crystal))
                except EVERY_CRYSTALS:
                    raise
                except ParaisiteError as error:
                    failed.append(Failed(position=position, error=_text(error)))
        return Comparison.of(answers, failed)


def _answer(calculator: LtcCalc, crystal: str) -> Answer:
    if MATERIAL_ID.fullmatch(crystal.strip().lower()):
        return calculator.predict_material(crystal.strip())
    return calculator.predict(crystal.encode())  # bytes: never the path of a file here


@contextmanager
def _told() -> Iterator[None]:
    """Tell the model of errors that name a remedy; the SDK hides others."""
    try:
        yield
    except ParaisiteError as error:
        raise ToolError(_text(error)) from error


def _text(error: ParaisiteError) -> str:
    return f"{error.title}: {error}"


class Server(MCPServer[Any]):
    """A server that leaves nothing unanswered over stdio."""

    async def run_stdio_async(self) -> None:
        """Serve over stdio until the client ends it, and the calls in work are answered."""
        server = self._lowlevel_server
        async with patient_stdio() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())


def create_server(calculator: Callable[[], LtcCalc]) -> Server:
    """Return the server, whose predictions come from the calculator given once it is called for."""
    tools = Tools(calculator)
    return Server(
        "paraisite", title="ParAIsite", version=__version__, instructions=INSTRUCTIONS,
        log_level="WARNING",
        tools=[_tool(each) for each in (tools.predict, tools.explain, tools.compare)],
    )  # fmt: skip


def _tool(function: Callable[..., object]) -> Tool:
    """Return a tool that takes its own arguments only: another `ensemble` would not answer."""
    tool = Tool.from_function(function, annotations=ANNOTATIONS, structured_output=True)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    return tool.model_copy(update={"parameters": arguments.model_json_schema(by_alias=True)})


def source(
    ensemble: str | None, service: str | None = None, api_key: str | None = None
) -> Callable[[], LtcCalc]:
    """Return what loads the calculator: by a running service if its address is given."""
    if service:
        return partial(connect, service, ensemble=ensemble, api_key=api_key)
    return partial(load, ensemble)


def run(calculator: Callable[[], LtcCalc], address: tuple[str, int] | None = None) -> None:
    """Serve over stdio, or by streamable HTTP at this host and port, until the client ends it."""
    server = create_server(calculator)
    try:
        if address is None:
            server.run("stdio")
        else:
            host, port = address
            print(f"Model Context Protocol on http://{host}:{port}/mcp", file=sys.stderr)  # noqa: T201
            server.run(
                "streamable-http", host=host, port=port, json_response=True, stateless_http=True
            )
    except* (KeyboardInterrupt, BrokenPipeError):  # how a user ends it, or a client that is gone
        pass
