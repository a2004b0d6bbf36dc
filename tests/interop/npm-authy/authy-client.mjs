// The authy-client library against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to
// length, and CALLBACK a callback that it signed.
// Sends: 5
import assert from "node:assert/strict";
import authy from "authy-client";
import Signature from "authy-client/dist/src/asserts/signature-assert.js";

const { VERIFY_URL, VERIFY_CODE, API_KEY, CALLBACK } = process.env;
const client = new authy.Client({ key: API_KEY }, { host: VERIFY_URL });
const person = { countryCode: "1", email: "b@example.com", phone: "5017122661" };
const phone = { countryCode: "1", phone: "5017122661" };
const refused = (status, code) => (err) => {
  assert.equal(err.code, status);
  assert.equal(err.body.error_code, code);
  return true;
};
const code = (digits) => VERIFY_CODE.slice(0, digits);
const wrong = (digits) => "0".repeat(digits);

// A user: send, guess wrong, guess right, guess again.
const { user: { id: authyId } } = await client.registerUser(person);
for (const send of ["requestSms", "requestCall"]) {
  assert.equal((await client[send]({ authyId })).cellphone, "+1-XXX-XXX-XX61");
  const check = (token) => client.verifyToken({ authyId, token }, { force: true });
  await assert.rejects(check(wrong(7)), refused(401, "60020"));
  assert.equal((await check(code(7))).token, "is valid");
  await assert.rejects(check(code(7)), refused(401, "60019"));
}
await client.requestSms({ authyId }, { action: "login", message: "Log in", force: true });
assert.equal((await client.getUserStatus({ authyId })).status.registered, false);

// A phone, for which the library asks for no length.
await client.startPhoneVerification({ ...phone, via: "sms" }, { locale: "en" });
await assert.rejects(client.verifyPhone({ ...phone, token: wrong(4) }), refused(401, "60022"));
assert.match((await client.verifyPhone({ ...phone, token: code(4) })).message, /correct/);
await assert.rejects(client.verifyPhone({ ...phone, token: code(4) }), refused(404, "60023"));

// OneTouch, for somebody with the app.
const { user: { id: other } } = await client.registerUser({ ...person, email: "a@example.com", phone: "5005550006" });
assert.equal((await client.requestSms({ authyId: other })).ignored, true);
const { approval_request: { uuid } } = await client.createApprovalRequest({
  authyId: other, message: "Log in?", details: { visible: { user: "ann" }, hidden: { session: "7" } },
}, { ttl: 120 });
assert.equal((await client.getApprovalRequest({ id: uuid })).approval_request.status, "pending");
await assert.rejects(client.getApprovalRequest({ id: "7" }), refused(404, "60049"));

// A callback: the library's own check of the signature takes it, and no other.
const { nonce, signature, body } = JSON.parse(CALLBACK);
const request = {
  method: "POST", protocol: "https", url: "/authy/callback", body: JSON.parse(body),
  headers: { host: "example.com", "x-authy-signature-nonce": nonce },
};
assert.ok(new Signature({ key: API_KEY, request }).validate(signature));
assert.throws(() => new Signature({ key: "wrong", request }).validate(signature));

// The end.
await client.deleteUser({ authyId });
await assert.rejects(client.requestSms({ authyId }), refused(404, "60026"));
