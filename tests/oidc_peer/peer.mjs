// An OpenID provider that others wrote (npm oidc-provider), for the tests of sign-in. Reads one JSON document a line on
// standard input, starts or changes with it, and answers each with a line. What it is told: issuer, port, client,
// redirectUri, logoutUri, keys (private JWK set), people (claims by subject), and `likeNextcloud`.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Provider } = await import(pathToFileURL(join(process.argv[2], 'node_modules/oidc-provider/lib/index.js')));

function made(told) {
  const algorithm = told.keys.keys[0].alg;
  const provider = new Provider(told.issuer, {
    clients: [
      {
        client_id: told.client[0],
        client_secret: told.client[1],
        redirect_uris: [told.redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: told.likeNextcloud ? 'client_secret_post' : 'client_secret_basic',
        id_token_signed_response_alg: algorithm,
        backchannel_logout_uri: told.logoutUri,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: told.keys,
    cookies: { keys: ['cookies of a test'] },
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email', 'groups'],
    // As by default: everything but the subject stands in UserInfo only.
    claims: {
      profile: ['name', 'preferred_username', 'roles', 'va_profile'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    findAccount: (_context, sub) =>
      sub in told.people ? { accountId: sub, claims: () => ({ sub, ...told.people[sub] }) } : undefined,
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (context) => {
      const { client, session, provider: own } = context.oidc;
      const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
    // By itself it tells nobody on this machine that somebody signed out.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      userinfo: { enabled: true },
    },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 3600 },
  });
  provider.on('server_error', (_context, error) => process.stderr.write(`${error.stack}\n`));
  provider.on('backchannel.error', (_context, error) => process.stderr.write(`${error.message}\n`));
  return provider;
}

let told;
let provider;

// Whoever comes is the person of the header; a password form would prove nothing about our side.
async function interaction(request, response) {
  const accountId = request.headers['x-person'];
  await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

// Nextcloud's provider does not say which issuer an answer is of (RFC 9207), nor that it would.
function withoutIssuer(response) {
  const set = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    if (name.toLowerCase() !== 'location' || !value.startsWith(told.redirectUri)) return set(name, value);
    const address = new URL(value);
    address.searchParams.delete('iss');
    return set(name, address.href);
  };
  const end = response.end.bind(response);
  response.end = (body, ...more) => {
    const text = body === undefined ? '' : String(body);
    if (!text.includes('"authorization_response_iss_parameter_supported":true')) return end(body, ...more);
    const shorter = text.replace('"authorization_response_iss_parameter_supported":true,', '');
    set('content-length', Buffer.byteLength(shorter));
    return end(shorter, ...more);
  };
}

const server = createServer((request, response) => {
  if (told.likeNextcloud) withoutIssuer(response);
  if (request.url.startsWith('/interaction/')) interaction(request, response).catch((error) => response.writeHead(500).end(error.message));
  else provider.callback()(request, response);
});

for await (const line of createInterface({ input: process.stdin })) {
  told = JSON.parse(line);
  provider = made(told);
  if (!server.listening) await new Promise((done) => server.listen(told.port, '127.0.0.1', done));
  process.stdout.write('ready\n');
}
server.close();
