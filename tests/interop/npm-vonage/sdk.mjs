// The official @vonage/verify2 and @vonage/messages against the emulator: only the
// address differs. VERIFY_URL is where the emulator listens, VERIFY_CODE the code it
// sends, cut to length. PRIVATE_KEY is that of the application: the libraries of Verify
// take tokens by themselves, and those of the account's key if they are told to.
// Sends: 8
import assert from "node:assert/strict";
import { Auth } from "@vonage/auth";
import { Messages } from "@vonage/messages";
import { Verify2 } from "@vonage/verify2";

const { VERIFY_URL, API_KEY, API_SECRET, APPLICATION_ID, PRIVATE_KEY } = process.env;
const code = (digits) => process.env.VERIFY_CODE.slice(0, digits);
const to = "15005550006";
const auth = (more = {}) => new Auth({ applicationId: APPLICATION_ID, privateKey: PRIVATE_KEY, apiKey: API_KEY, apiSecret: API_SECRET, ...more });
const options = { apiHost: VERIFY_URL };
const verify = new Verify2(auth(), options);
const request = (more = {}) => ({ brand: "Acme", workflow: [{ channel: "sms", to }], ...more });
const refused = (status, type) => async (err) => {
  assert.equal(err.response?.status, status);
  const problem = typeof err.response.json === "function" ? await err.response.json() : err.response.data;
  assert.ok(problem.type.endsWith("#" + type), problem.type);
  return true;
};
const rejects = async (promise, status, type) => {
  const err = await promise.then(() => assert.fail("it was not refused"), (err) => err);
  await refused(status, type)(err);
};

// Send, a wrong code, the right one, and again. Without a length a code has 4 digits.
const first = await verify.newRequest(request());
assert.match(first.requestId, /^[0-9a-f-]{36}$/);
await rejects(verify.checkCode(first.requestId, "0000"), 400, "invalid-code");
assert.equal(await verify.checkCode(first.requestId, code(4)), "completed");
await rejects(verify.checkCode(first.requestId, code(4)), 404, "not-found");

// One at a time, with all settings; then the next step, and none after it.
const second = await verify.newRequest(request({
  codeLength: 8, channelTimeout: 60, locale: "de-de", clientRef: "login",
  workflow: [{ channel: "voice", to }, { channel: "whatsapp", to, from: "15017122661" }],
}));
await rejects(verify.newRequest(request()), 409, "concurrent");
assert.equal(await verify.nextWorkflow(second.requestId), true);
assert.equal(await verify.nextWorkflow(second.requestId), false);
assert.equal(await verify.checkCode(second.requestId, code(8)), "completed");

// E-mail, and too many wrong codes.
const email = await verify.newRequest(request({ workflow: [{ channel: "email", to: "a@example.com" }] }));
for (let wrong = 1; wrong < 5; wrong++) {
  await rejects(verify.checkCode(email.requestId, "0000"), 400, "invalid-code");
}
await rejects(verify.checkCode(email.requestId, "0000"), 410, "expired");

// Cancel: the code is gone, and the recipient is taken a little longer.
const third = await verify.newRequest(request());
assert.equal(await verify.cancel(third.requestId), true);
assert.equal(await verify.cancel(third.requestId), false);
await rejects(verify.checkCode(third.requestId, code(4)), 404, "not-found");
await rejects(verify.newRequest(request()), 409, "concurrent");

// Errors.
await rejects(verify.newRequest(request({ workflow: [{ channel: "sms", to: "12" }] })), 422, "invalid-params");
await rejects(verify.newRequest(request({ brand: "" })), 422, "invalid-params");
await rejects(new Verify2(auth({ applicationId: "other" }), options).newRequest(request()), 401, "unauthorized");

// The account's key in place of tokens.
const basic = new Verify2(auth({ applicationId: undefined, privateKey: undefined }), options);
basic.authType = "basic";
const fourth = await basic.newRequest(request({ workflow: [{ channel: "sms", to: "15017122661" }] }));
assert.equal(await basic.checkCode(fourth.requestId, code(4)), "completed");

// Messages, by tokens and by the account's key.
const text = { channel: "sms", messageType: "text", to, from: "Acme", text: "Your code is " + code(6) };
for (const more of [{}, { applicationId: undefined, privateKey: undefined }]) {
  assert.match((await new Messages(auth(more), options).send(text)).messageUUID, /^[0-9a-f-]{36}$/);
}
await rejects(new Messages(auth(), options).send({ ...text, to: "12" }), 422, "1150");
