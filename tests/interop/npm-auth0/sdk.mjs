// The official auth0, whose AuthenticationClient is that of auth0/legacy, against the
// emulator: only the address differs, since the library always says https. VERIFY_URL
// is where the emulator listens, VERIFY_CODE the code it sends, cut to length. Auth0
// has no cancel.
// Sends: 5
import assert from "node:assert/strict";
import { AuthenticationClient, AuthApiError } from "auth0/legacy";

const { VERIFY_URL, VERIFY_CODE, DOMAIN, CLIENT_ID, CLIENT_SECRET } = process.env;
const code = VERIFY_CODE.slice(0, 6);
const phone_number = "+15005550006";
const email = "a@example.com";
const at = (base) => (url, init) => fetch(url.replace(`https://${DOMAIN}`, base), init);

const client = (more) =>
  new AuthenticationClient({ domain: DOMAIN, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, idTokenSigningAlg: "HS256", fetch: at(VERIFY_URL), ...more });
const { passwordless } = client();
const refused = (status, error, text) => (err) => err instanceof AuthApiError && err.statusCode === status && err.error === error && (!text || err.error_description === text);

// Send, a wrong code, the right one, and again.
await passwordless.sendSMS({ phone_number, send: "code" });
await assert.rejects(passwordless.loginWithSMS({ phone_number, code: "999999" }), refused(403, "invalid_grant", "Wrong phone number or verification code."));
const { data } = await passwordless.loginWithSMS({ phone_number, code });
assert.equal(data.token_type, "Bearer");
assert.equal(data.expires_in, 86400);
assert.ok(data.access_token);
assert.equal(data.id_token, undefined);
await assert.rejects(passwordless.loginWithSMS({ phone_number, code }), refused(403, "invalid_grant"));

// By e-mail, with an id token, whose signature the library proves.
await passwordless.sendEmail({ email, send: "code" });
await assert.rejects(passwordless.loginWithEmail({ email, code: "999999" }), refused(403, "invalid_grant", "Wrong email or verification code."));
const mail = await passwordless.loginWithEmail({ email, code, scope: "openid offline_access" });
assert.ok(mail.data.id_token);
assert.ok(mail.data.refresh_token);

// A link is no code.
await passwordless.sendEmail({ email });
await assert.rejects(passwordless.loginWithEmail({ email, code }), refused(403, "invalid_grant"));

// Three attempts, and a new code.
await passwordless.sendSMS({ phone_number });
for (let i = 0; i < 3; i++) await assert.rejects(passwordless.loginWithSMS({ phone_number, code: "999999" }), refused(403, "invalid_grant"));
await assert.rejects(passwordless.loginWithSMS({ phone_number, code }), refused(403, "invalid_grant", "You've reached the maximum number of attempts. Please try to login again."));
await passwordless.sendSMS({ phone_number });
assert.equal((await passwordless.loginWithSMS({ phone_number, code })).status, 200);

// Errors.
await assert.rejects(passwordless.sendSMS({ phone_number: "12" }), refused(400, "bad.phone_number"));
await assert.rejects(passwordless.sendEmail({ email: "nobody" }), refused(400, "bad.email"));
await assert.rejects(client({ clientSecret: "wrong" }).passwordless.sendSMS({ phone_number }), refused(401, "access_denied"));
await assert.rejects(client({ clientSecret: "wrong" }).passwordless.loginWithSMS({ phone_number, code }), refused(401, "access_denied"));

// A token for the Management API.
const granted = await client().oauth.clientCredentialsGrant({ audience: `https://${DOMAIN}/api/v2/` });
const policies = await fetch(`${VERIFY_URL}/api/v2/guardian/policies`, { headers: { authorization: `Bearer ${granted.data.access_token}` } });
assert.deepEqual(await policies.json(), []);
