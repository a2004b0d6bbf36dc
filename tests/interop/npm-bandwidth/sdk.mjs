// The official bandwidth-sdk against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to length.
// Sends: 2
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const axios = require("axios"); // the instance that bandwidth-sdk calls
const { Configuration, MFAApi } = require("bandwidth-sdk");

const { VERIFY_URL, ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, SMS_APP, VOICE_APP, FROM } = process.env;
const to = "+15005550006";
const VERIFY_CODE = process.env.VERIFY_CODE.slice(0, 6);
const wrong = VERIFY_CODE === "000000" ? "000001" : "000000";

axios.interceptors.request.use((config) => ({
  ...config,
  url: config.url.replace(/^https:\/\/(mfa|api)\.bandwidth\.com/, VERIFY_URL),
}));

const basePath = "https://mfa.bandwidth.com/api/v1";
const api = (credentials) => new MFAApi(new Configuration({ basePath, ...credentials }));
const refused = (status, data) => (err) => {
  assert.equal(err.response.status, status);
  for (const [key, value] of Object.entries(data)) assert.equal(err.response.data[key], value);
  return true;
};

const body = (over = {}) => ({
  to, from: FROM, applicationId: SMS_APP, message: "Your temporary {NAME} {SCOPE} code is {CODE}", digits: 6, ...over,
});
const attempt = (code, over = {}) => ({ to, expirationTimeInMinutes: 3, code, ...over });

// Send by message and by call, a wrong code, the right one, and again: as an API
// credential, whose token the library asks for.
const mfa = api({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET });
const check = async (code, over) => {
  const { status, data } = await mfa.verifyCode(ACCOUNT_ID, attempt(code, over));
  assert.equal(status, 200);
  return data.valid;
};

const sms = await mfa.generateMessagingCode(ACCOUNT_ID, body());
assert.equal(sms.status, 200);
assert.equal(sms.data.messageId.length, 29);
assert.equal(await check(wrong), false);
assert.equal(await check(VERIFY_CODE), true);
assert.equal(await check(VERIFY_CODE), false);

const call = await mfa.generateVoiceCode(ACCOUNT_ID, body({ applicationId: VOICE_APP, scope: "login" }));
assert.equal(call.status, 200);
assert.equal(call.data.callId.length, 47);
assert.equal(await check(VERIFY_CODE, { scope: "login" }), true);

// Refusals, as the library's own tests expect them.
await assert.rejects(mfa.generateMessagingCode(ACCOUNT_ID, body({ to: "" })), refused(400, { error: "to number is required" }));
await assert.rejects(mfa.generateMessagingCode(ACCOUNT_ID, body({ applicationId: "not_an_application_id" })), refused(400, {}));
await assert.rejects(mfa.verifyCode(ACCOUNT_ID, attempt(VERIFY_CODE, { expirationTimeInMinutes: 0 })), refused(400, {}));
await assert.rejects(api({}).generateMessagingCode(ACCOUNT_ID, body()), refused(401, { message: "Unauthorized" }));
await assert.rejects(api({ username: "user", password: "placeholder" }).generateMessagingCode(ACCOUNT_ID, body()), refused(403, {}));
await assert.rejects(api({ clientId: CLIENT_ID, clientSecret: "wrong" }).generateMessagingCode(ACCOUNT_ID, body()),
  refused(401, { error: "invalid_client" }));
const other = { to: "+15005550009" };
for (let i = 0; i < 5; i++) assert.equal((await mfa.verifyCode(ACCOUNT_ID, attempt(wrong, other))).data.valid, false);
await assert.rejects(mfa.verifyCode(ACCOUNT_ID, attempt(VERIFY_CODE, other)),
  refused(429, { error: "This number has exceeded verification attempts, please wait 2 minutes" }));
