// An authorization server that others wrote (npm oidc-provider). Prints its issuer, and a free port for the service.
// Whoever comes is logged in. At their first consent they do not let a client write, from the second on they do.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

// Who keeps a connection for its next request must not find it just closed, however slow the machine is.
const server = createServer({ keepAliveTimeout: 600_000 }).listen(0, "127.0.0.1");
await once(server, "listening");
const other = createServer().listen(0, "127.0.0.1");
await once(other, "listening");
const port = other.address().port;
other.close();

const issuer = `http://127.0.0.1:${server.address().port}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const seen = new Set();
const scopes = ["odoo:quotations", "odoo:handoffs", "odoo:read", "odoo:write"];
const provider = new Provider(issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" }] },
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  cookies: { keys: ["no secret"] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: () => true,
  // Each time they are asked anew.
  loadExistingGrant: ({ oidc: { result, provider } }) => result?.consent && provider.Grant.find(result.consent.grantId),
  rotateRefreshToken: true,
  scopes: ["openid", "offline_access", ...scopes],
  ttl: { AccessToken: 3600, Grant: 3600, Interaction: 600, RefreshToken: 3600, Session: 3600, IdToken: 3600 },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        audience: resource,
        scope: scopes.join(" "),
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});

async function consent(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: "eva@company.example" } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const isFirst = !seen.has(params.client_id);
  seen.add(params.client_id);
  const asked = params.scope.split(" ");
  const refused = isFirst ? ["odoo:write"] : [];
  const given = asked.filter((scope) => !refused.includes(scope)).join(" ");
  grant.addOIDCScope(given);
  grant.addResourceScope(params.resource, given);
  grant.rejectOIDCScope(refused.join(" "));
  grant.rejectResourceScope(params.resource, refused.join(" "));
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const callback = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/interaction/")) return callback(request, response);
  consent(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end(String(error));
  });
});
provider.on("server_error", (_, error) => console.error(error));
console.log(`${issuer} ${port}`);
