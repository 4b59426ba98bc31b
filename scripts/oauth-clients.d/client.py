"""The official Python client, from the first 401 to a refreshed token: client.py ADDRESS REVISION"""

import asyncio
import sys
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

REDIRECT = "http://127.0.0.1:9/callback"


class Kept:
    """What the client knows, and how often it was told."""

    client = tokens = None
    registered = given = 0

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens
        self.given += 1

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client
        self.registered += 1


class Browser:
    """Cookies, and where it is sent at last."""

    def __init__(self):
        self.http = httpx2.AsyncClient(trust_env=False)
        self.asked = []
        self.came = None

    async def go(self, place):
        self.asked.append(parse_qs(urlsplit(place).query)["scope"][0].replace(" offline_access", ""))
        for _ in range(20):
            if place.startswith(REDIRECT):
                break
            answer = await self.http.get(place)
            assert answer.status_code in (302, 303), f"{place}: {answer.status_code} {answer.text}"
            place = urljoin(place, answer.headers["location"])
        self.came = parse_qs(urlsplit(place).query)

    async def back(self):
        said = {name: self.came.get(name, [None])[0] for name in ("code", "state", "iss")}
        return AuthorizationCodeResult(**said)


async def main(address, revision):
    kept, browser = Kept(), Browser()
    metadata = OAuthClientMetadata(
        client_name="oauth-clients",
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    oauth = OAuthClientProvider(f"{address}/mcp", metadata, kept, browser.go, browser.back)
    mode = "auto" if revision >= "2026" else "legacy"
    sessions = set()

    async def note(answer):
        if "mcp-session-id" in answer.request.headers:
            sessions.add(answer.request.headers["mcp-session-id"])

    http = httpx2.AsyncClient(auth=oauth, trust_env=False, timeout=60, event_hooks={"response": [note]})
    # 401, metadata, registration, log-in, token.
    async with http, Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=mode) as client:
        assert client.protocol_version == revision, client.protocol_version
        assert browser.asked == ["odoo:quotations odoo:handoffs odoo:read odoo:write"], browser.asked

        async def names():
            return {tool.name for tool in (await client.list_tools()).tools}

        async def call(name, arguments):
            answer = await client.call_tool(name, arguments)
            assert not answer.is_error, answer

        assert "get_sale" in await names() and "dev_update_sale" not in await names(), "what may not be done is listed"
        await call("get_sale", {"sale_id": 7})

        # Step-up: 403 says what it takes.
        await call("dev_update_sale", {"sale_id": 2, "values": {"note": "Llamar antes"}})
        assert len(browser.asked) == 2 and "odoo:write" in browser.asked[1].split(), browser.asked
        assert "dev_update_sale" in await names()

        # A token that is no good any more is refreshed in mid-session, and nobody logs in for that.
        before = kept.tokens.access_token
        oauth.context.token_expiry_time = 1
        await call("get_sale", {"sale_id": 7})
        assert kept.tokens.access_token != before
        assert len(browser.asked) == 2 and kept.registered == 1, (browser.asked, kept.registered)
        assert len(sessions) == (0 if mode == "auto" else 1), sessions
    print(f"{len(browser.asked)} log-ins, {kept.given} tokens{', one session' if sessions else ''}")


asyncio.run(main(*sys.argv[1:]))
