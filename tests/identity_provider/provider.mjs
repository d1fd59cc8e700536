// A certified OpenID provider for the tests: node provider.mjs '{"clients": […]}'. Prints its address once it listens on a free port of
// the loopback interface. Anybody signs in under any name; what comes with it are the claims of PUT /people/<name>.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { clients, ttl = {} } = JSON.parse(process.argv[2]);
const people = new Map();
const json = (response, value) => response.end(JSON.stringify(value));
let provider;

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const name = decodeURIComponent(path.split("/").at(-1));
  if (request.method === "PUT" && path.startsWith("/people/")) {
    let body = "";
    for await (const piece of request) body += piece;
    people.set(name, JSON.parse(body));
    json(response, {});
  } else provider.callback()(request, response);
});

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, {
    clients,
    claims: { openid: ["sub", "oid"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["only-for-tests"] },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    ttl: { Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600, Interaction: 600, ...ttl },
    // Without the guard against loopback addresses: the hub of the tests has one.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people.get(id) }) }),
    // Nobody is asked whether the hub may know who they are.
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid email profile");
      grant.addOIDCClaims(["sub", "oid", "email", "email_verified", "name"]);
      await grant.save();
      return grant;
    },
  });
  provider.on("backchannel.error", (_context, error) => console.error(error));
  console.log(issuer);
});
