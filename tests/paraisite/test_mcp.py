"""The server of the Model Context Protocol, asked by the SDK's own client over both transports."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from app.errors import WorkStopped
from models.errors import DamagedEnsemble, UnknownEnsemble
from paraisite.mcp.server import create_server
from paraisite.problems import ServiceUnreachable

ROOT = Path(__file__).parents[2]
COMMAND = ("-m", "app.cli", "mcp")
UNREADABLE = "data_broken\nnothing else"


@contextmanager
def http_server(*options: str) -> Iterator[str]:
    """Give the address of a server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *COMMAND, "--http", "--port", str(port), *options], cwd=ROOT
    )
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError(process.poll())


async def talk(client: Client, cif: str) -> None:
    """Use every tool."""
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["predict", "explain", "compare"]
    assert all(tool.output_schema for tool in tools)
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)

    predicted = (await client.call_tool("predict", {"crystal": cif})).structured_content
    assert predicted["formula"] == "NaCl"
    assert 0 < predicted["lower"] < predicted["ltc"] < predicted["upper"]

    explained = await client.call_tool("explain", {"crystal": "mp-9127"})
    evidence = explained.structured_content
    assert evidence["estimate"]["material_id"] == "mp-9127"
    assert evidence["nearest"][0]["ltc"] > 0
    assert evidence["expected_factor"] > 1
    assert evidence["phonon_estimates"] == []
    assert evidence["number"]["left_out"]

    crystals = [cif, UNREADABLE, "mp-9127", "mp-999999999"]
    compared = (await client.call_tool("compare", {"crystals": crystals})).structured_content
    values = [one["estimate"]["ltc"] for one in compared["ranked"]]
    assert values == sorted(values)
    assert [one["separated"] is None for one in compared["ranked"]] == [True, False]
    assert [one["position"] for one in compared["failed"]] == [1, 3]

    refused = await client.call_tool("predict", {"crystal": UNREADABLE})
    assert refused.is_error
    assert "Unreadable structure: The CIF is malformed at line 2" in str(refused.content)


def test_over_stdio(environment, rocksalt_cif):
    async def conversation() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=[*COMMAND], env=dict(os.environ | environment), cwd=ROOT
        )
        async with Client(server) as client:
            await talk(client, rocksalt_cif)

    anyio.run(conversation)


def test_over_http_by_a_running_service(service, rocksalt_cif):
    async def conversation(url: str) -> None:
        async with Client(url) as client:
            await talk(client, rocksalt_cif)

    with http_server("--service", service.url) as url:
        anyio.run(conversation, url)


def ask(server, tool: str, **arguments):
    async def conversation():
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(conversation)


@pytest.fixture
def compared(local, rocksalt_cif, monkeypatch):
    """A function that compares two crystals, of which one fails with an error."""
    predict = local.predict

    def run(error):
        def failing(crystal):
            if crystal == b"costly":
                raise error
            return predict(crystal)

        monkeypatch.setattr(local, "predict", failing)
        return ask(create_server(lambda: local), "compare", crystals=["costly", rocksalt_cif])

    return run


@pytest.mark.parametrize(
    "error", [WorkStopped("It took too long."), DamagedEnsemble("Not finite.")]
)
def test_a_crystal_that_fails_at_the_service_is_listed(compared, error):
    content = compared(error).structured_content
    assert [one["estimate"]["formula"] for one in content["ranked"]] == ["NaCl"]
    assert content["failed"] == [{"position": 0, "error": f"{error.title}: {error}"}]


def test_what_fails_for_every_crystal_ends_a_comparison(compared):
    answer = compared(ServiceUnreachable("It does not answer."))
    assert answer.is_error
    assert answer.content[0].text.endswith("Service unreachable: It does not answer.")


def test_no_file_is_read_for_a_client(local, tmp_path, rocksalt_cif):
    (tmp_path / "secret.cif").write_text(rocksalt_cif)
    answer = ask(create_server(lambda: local), "predict", crystal=str(tmp_path / "secret.cif"))
    assert answer.is_error


def test_a_client_is_not_kept_waiting_while_the_ensemble_is_loaded(local, rocksalt_cif):
    def load():
        time.sleep(3)
        return local

    async def conversation() -> float:
        start = time.monotonic()
        async with Client(create_server(load)) as client:
            await client.list_tools()
            listed = time.monotonic() - start
            answer = await client.call_tool("predict", {"crystal": rocksalt_cif})
            assert not answer.is_error
            return listed

    assert anyio.run(conversation) < 2


@pytest.mark.parametrize("tool", ["predict", "compare"])
def test_what_cannot_be_loaded_is_told(tool, rocksalt_cif):
    def load():
        raise UnknownEnsemble("No ensemble 'x'; there are: made.")

    arguments = {"crystal": rocksalt_cif} if tool == "predict" else {"crystals": [rocksalt_cif] * 2}
    answer = ask(create_server(load), tool, **arguments)
    assert answer.is_error
    assert answer.content[0].text.endswith("Unknown ensemble: No ensemble 'x'; there are: made.")


def test_an_argument_that_there_is_not_is_refused(local, rocksalt_cif):
    server = create_server(lambda: local)
    answer = ask(server, "predict", crystal=rocksalt_cif, ensemble="mix-stage3")
    assert answer.is_error
    assert "ensemble" in answer.content[0].text
    assert not ask(server, "predict", crystal=rocksalt_cif).is_error


@contextmanager
def stdio_process(environment) -> Iterator[Any]:
    """Give a server in a process of its own, ready to be asked."""
    client = {"name": "test", "version": "1"}
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    with subprocess.Popen(
        [sys.executable, *COMMAND], cwd=ROOT, env=dict(os.environ | environment),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    ) as process:  # fmt: skip
        try:
            write(process, "initialize", 0, params)
            assert answer_of(process)["id"] == 0
            write(process, "notifications/initialized", None)
            yield process
        finally:
            process.kill()


def write(process, method: str, number: int | None, params: object = None) -> None:
    message = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    message |= {} if number is None else {"id": number}
    process.stdin.write(json.dumps(message).encode() + b"\n")


def answer_of(process) -> dict[str, Any]:
    assert select.select([process.stdout], [], [], 20)[0]
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_every_line_that_is_no_message_is_answered(environment):
    call = (
        '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"predict","arguments":%s}}'
    )
    lines = {
        call % (5, r'{"crystal":"\ud800"}'): (5, -32602),
        call % (r'"\ud800"', r'{"crystal":"\ud800"}'): (None, -32602),
        "nonsense": (None, -32700),
        "[" * 300: (None, -32700),
        "[" * 100_000: (None, -32700),
        "[]": (None, -32600),
        '{"id":"seven","method":"tools/list"}': ("seven", -32600),
        '{"jsonrpc":"1.0","id":8,"method":"tools/list"}': (8, -32600),
    }
    with stdio_process(environment) as process:
        for line, expected in lines.items():
            process.stdin.write(f"\n{line}\n".encode())
            answer = answer_of(process)
            assert (answer["id"], answer["error"]["code"]) == expected
        write(process, "tools/list", 9)
        assert answer_of(process)["id"] == 9


def test_calls_in_work_are_answered_though_no_more_can_come(environment, rocksalt_cif):
    with stdio_process(environment) as process:
        arguments = {"name": "explain", "arguments": {"crystal": rocksalt_cif}}
        write(process, "tools/call", 1, arguments)
        write(process, "tools/call", 2, arguments)
        write(process, "notifications/cancelled", None, {"requestId": 2})
        process.stdin.close()
        answers = [json.loads(line) for line in process.stdout]
        assert [answer["id"] for answer in answers] == [1]
        assert answers[0]["result"]["structuredContent"]["estimate"]["formula"] == "NaCl"
        assert process.wait(30) == 0


def test_a_client_that_is_gone_ends_the_server(environment, rocksalt_cif):
    with stdio_process(environment) as process:
        process.stdout.close()
        write(process, "tools/call", 1, {"name": "predict", "arguments": {"crystal": rocksalt_cif}})
        process.stdin.close()
        assert process.wait(30) == 0
        assert b"Traceback" not in process.stderr.read()
