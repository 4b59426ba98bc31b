// Drives one server with the command line of MCP's Inspector: inspector.mjs REVISION TRANSPORT TARGET [LOG_DIR]
// Each call is a process of its own and shows no progress; over stdio each also starts a server of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

const calls = JSON.parse(readFileSync(new URL("calls.json", import.meta.url)));
const [revision, kind, target, logDir] = process.argv.slice(2);
const server = kind === "stdio"
  ? ["--transport", "stdio", "-e", `LOG_DIR=${logDir}`, target, "stdio"]
  : ["--transport", kind, "--server-url", target];
const era = revision >= "2026" ? "modern" : "legacy";

function inspect(...args) {
  const ran = spawnSync("mcp-inspector", ["--cli", ...server, "--protocol-era", era, ...args], { encoding: "utf8", timeout: 20_000 });
  const said = `${args.join(" ")}: exit ${ran.status} ${ran.stdout}${ran.stderr}`;
  try {
    return { status: ran.status, said, answer: JSON.parse(ran.stdout) };
  } catch {
    throw new Error(said);
  }
}
const call = (name, args) =>
  inspect("--method", "tools/call", "--tool-name", name, "--tool-args-json", JSON.stringify(args));

// --strict exits with 6 where a schema is one that some clients refuse.
const list = inspect("--method", "tools/list", "--strict");
assert.equal(list.status, 0, list.said);
const listed = list.answer.tools.map((tool) => tool.name).sort();
assert.deepEqual(listed, calls.map(([name]) => name).sort());

const known = { $key: randomUUID() };
for (const [name, given, code] of calls) {
  const args = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, known[value] ?? value]));
  const { status, said, answer } = call(name, args);
  if (code) {
    // Without an account at Twilio.
    assert(answer.isError && answer.content[0].text.includes(code), said);
    continue;
  }
  const data = answer.structuredContent;
  assert(status === 0 && !answer.isError && data, said);
  assert((data.items ?? data.results)?.length !== 0, said);
  if (name !== "dev_create_quotation") continue;
  known.$tracking_id = data.tracking_id;
  const again = call(name, args);
  assert.equal(again.answer.structuredContent?.output?.sale_order_id, data.output.sale_order_id, again.said);
}
const bad = call("get_sale", { sale_id: 99999 });
assert(bad.answer.isError, bad.said);
console.log(`${listed.length} tools`);
