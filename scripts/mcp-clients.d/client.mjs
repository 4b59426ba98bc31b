// Drives one server with the official TypeScript client: client.mjs REVISION TRANSPORT TARGET [LOG_DIR]
// TRANSPORT is http, sse or stdio; REVISION is the protocol revision the client must end up with.
// PACKAGE is the client's package, @modelcontextprotocol/sdk (1.x) or @modelcontextprotocol/client (2.x).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const calls = JSON.parse(readFileSync(new URL("calls.json", import.meta.url)));
const [revision, kind, target, logDir] = process.argv.slice(2);
const old = process.env.PACKAGE === "@modelcontextprotocol/sdk";
const modules = old
  ? ["sdk/client/index.js", "sdk/client/streamableHttp.js", "sdk/client/sse.js", "sdk/client/stdio.js"]
  : ["client", "client/stdio"];
const sdk = Object.assign({}, ...(await Promise.all(modules.map((name) => import(`@modelcontextprotocol/${name}`)))));

const transport = {
  http: () => new sdk.StreamableHTTPClientTransport(new URL(target)),
  sse: () => new sdk.SSEClientTransport(new URL(target)),
  stdio: () => new sdk.StdioClientTransport({ command: target, args: ["stdio"], env: { LOG_DIR: logDir } }),
}[kind]();
const mode = revision >= "2026" ? "auto" : "legacy";
const client = new sdk.Client({ name: "mcp-clients", version: "1.0.0" }, { versionNegotiation: { mode } });
// The 1.x client only tells the revision to its transport.
let agreed;
const tell = transport.setProtocolVersion?.bind(transport);
transport.setProtocolVersion = (version) => {
  agreed = version;
  tell?.(version);
};
await client.connect(transport);
assert.equal(old ? agreed : client.getNegotiatedProtocolVersion(), revision);

const listed = (await client.listTools()).tools.map((tool) => tool.name).sort();
assert.deepEqual(listed, calls.map(([name]) => name).sort());

const steps = [];
const options = { onprogress: ({ progress }) => steps.push(progress) };
const call = (name, args) =>
  old ? client.callTool({ name, arguments: args }, undefined, options) : client.callTool({ name, arguments: args }, options);

const known = { $key: randomUUID() };
for (const [name, given, code] of calls) {
  const args = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, known[value] ?? value]));
  const answer = await call(name, args);
  const said = `${name}: ${JSON.stringify(answer)}`;
  if (code) {
    // Without an account at Twilio.
    assert(answer.isError && answer.content[0].text.includes(code), said);
    continue;
  }
  const data = answer.structuredContent;
  assert(!answer.isError && data, said);
  assert((data.items ?? data.results)?.length !== 0, said);
  if (name !== "dev_create_quotation") continue;
  assert(steps.length > 1 && steps.every((step, at) => at === 0 || step > steps[at - 1]), `progress: ${steps}`);
  known.$tracking_id = data.tracking_id;
  const order = data.output.sale_order_id;
  assert(order, said);
  assert.equal((await call(name, args)).structuredContent.output.sale_order_id, order, "one key, two orders");
}
assert((await call("get_sale", { sale_id: 99999 })).isError, "an order that does not exist");
await client.close();
console.log(`${listed.length} tools`);
