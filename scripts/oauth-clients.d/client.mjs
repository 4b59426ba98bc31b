// The official TypeScript client, from the first 401 to a refreshed token: client.mjs ADDRESS REVISION
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";

const [address, revision] = process.argv.slice(2);
const url = new URL(`${address}/mcp`);
const redirectUrl = "http://127.0.0.1:9/callback";

// A browser: cookies, and where it is sent at last.
const cookies = new Map();
async function browse(place) {
  for (let at = place, hops = 0; ; ) {
    assert((hops += 1) < 20, `sent around: ${at}`);
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      cookies.set(name, value);
    }
    assert([302, 303].includes(answer.status), `${at}: ${answer.status} ${await answer.text()}`);
    at = new URL(answer.headers.get("location"), at);
    if (at.href.startsWith(redirectUrl)) return at.searchParams;
  }
}

let client, tokens, verifier, found, came;
const counts = { registered: 0, asked: [], tokens: 0 };
const authProvider = {
  redirectUrl,
  clientMetadata: {
    client_name: "oauth-clients",
    redirect_uris: [redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => client,
  saveClientInformation: (given) => {
    client = given;
    counts.registered += 1;
  },
  tokens: () => tokens,
  saveTokens: (given) => {
    tokens = given;
    counts.tokens += 1;
  },
  saveCodeVerifier: (given) => (verifier = given),
  codeVerifier: () => verifier,
  saveDiscoveryState: (given) => (found = given),
  discoveryState: () => found,
  redirectToAuthorization: async (place) => {
    counts.asked.push(place.searchParams.get("scope").replace(" offline_access", ""));
    came = await browse(place);
  },
};

const mode = revision >= "2026" ? "auto" : "legacy";
const transport = () => new StreamableHTTPClientTransport(url, { authProvider });
const connect = async (over) => {
  const mcp = new Client({ name: "oauth-clients", version: "1.0.0" }, { versionNegotiation: { mode } });
  await mcp.connect(over);
  return mcp;
};

// 401, metadata, registration, log-in, token.
const first = transport();
await assert.rejects(connect(first), UnauthorizedError);
await first.finishAuth(came);
const over = transport();
const mcp = await connect(over);
assert.equal(mcp.getNegotiatedProtocolVersion(), revision);
assert.equal(counts.asked[0], "odoo:quotations odoo:handoffs odoo:read odoo:write");
const session = over.sessionId;
const names = async () => (await mcp.listTools()).tools.map((tool) => tool.name);
assert((await names()).includes("get_sale") && !(await names()).includes("dev_update_sale"), "what may not be done is listed");
assert(!(await mcp.callTool({ name: "get_sale", arguments: { sale_id: 7 } })).isError);

// Step-up: 403 says what it takes.
const update = { name: "dev_update_sale", arguments: { sale_id: 2, values: { note: "Llamar antes" } } };
await assert.rejects(mcp.callTool(update), UnauthorizedError);
assert(counts.asked.at(-1).split(" ").includes("odoo:write"), counts.asked.at(-1));
await over.finishAuth(came);
const updated = await mcp.callTool(update);
assert(!updated.isError, JSON.stringify(updated));
assert((await names()).includes("dev_update_sale"));

// A token that is no good any more is refreshed in mid-session, and nobody logs in for that.
const [before, logIns] = [tokens.access_token, counts.asked.length];
tokens = { ...tokens, access_token: before.slice(0, -8) + "AAAAAAAA" };
assert(!(await mcp.callTool({ name: "get_sale", arguments: { sale_id: 7 } })).isError);
assert.notEqual(tokens.access_token, before);
assert.equal(counts.asked.length, logIns);
assert.equal(counts.registered, 1);
assert.equal(over.sessionId, session);
await mcp.close();
console.log(`${counts.asked.length} log-ins, ${counts.tokens} tokens${session ? ", one session" : ""}`);
