"""Drives one server with the official Python client: client.py VERSION_OF_MCP TRANSPORT TARGET [LOG_DIR]

TRANSPORT is http, sse or stdio; VERSION_OF_MCP is the protocol revision the client must end up with.
"""

import asyncio
import importlib.metadata
import json
import pathlib
import sys
import uuid
from contextlib import asynccontextmanager

from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client

CALLS = json.loads((pathlib.Path(__file__).parent / "calls.json").read_text())
VERSION = importlib.metadata.version("mcp")


def transport(kind, target, log_dir):
    if kind == "stdio":
        return stdio_client(StdioServerParameters(command=target, args=["stdio"], env={"LOG_DIR": log_dir}))
    if kind == "sse":
        return sse_client(target)
    try:
        from mcp.client.streamable_http import streamable_http_client
    except ImportError:  # before 1.24
        from mcp.client.streamable_http import streamablehttp_client as streamable_http_client
    return streamable_http_client(target)


@asynccontextmanager
async def connect(revision, kind, target, log_dir):
    """The client, and the revision it agreed on with the server."""
    if VERSION.startswith("1."):
        async with transport(kind, target, log_dir) as streams, ClientSession(*streams[:2]) as session:
            answer = await session.initialize()
            yield session, answer.protocolVersion
    else:
        from mcp.client import Client

        mode = "auto" if revision >= "2026" else "legacy"
        async with Client(transport(kind, target, log_dir), mode=mode) as client:
            yield client, client.protocol_version


async def main(revision, kind, target, log_dir=""):
    async with connect(revision, kind, target, log_dir) as (client, agreed):
        assert agreed == revision, f"agreed on {agreed}"
        listed = sorted(tool.name for tool in (await client.list_tools()).tools)
        assert listed == sorted(name for name, *_ in CALLS), f"tools: {listed}"

        steps = []

        async def on_progress(progress, total, message):
            steps.append(progress)

        async def call(name, arguments):
            answer = await client.call_tool(name, arguments, progress_callback=on_progress)
            return answer.model_dump(mode="json", by_alias=True)

        known = {"$key": str(uuid.uuid4())}
        for name, arguments, *code in CALLS:
            arguments = {key: known.get(value, value) if isinstance(value, str) else value
                         for key, value in arguments.items()}
            answer = await call(name, arguments)
            if code:  # Without an account at Twilio.
                assert answer.get("isError") and code[0] in answer["content"][0]["text"], f"{name}: {answer}"
                continue
            data = answer.get("structuredContent")
            assert not answer.get("isError") and data, f"{name}: {answer}"
            assert data.get("items", data.get("results", True)), f"{name} found nothing: {data}"
            if name != "dev_create_quotation":
                continue
            assert len(steps) > 1 and steps == sorted(set(steps)), f"progress: {steps}"
            known["$tracking_id"] = data["tracking_id"]
            order = data["output"]["sale_order_id"]
            again = (await call(name, arguments))["structuredContent"]["output"]["sale_order_id"]
            assert order and order == again, f"one key made the orders {order} and {again}"

        answer = await call("get_sale", {"sale_id": 99999})
        assert answer.get("isError"), f"an order that does not exist: {answer}"
    print(f"{len(listed)} tools")


asyncio.run(main(*sys.argv[1:]))
