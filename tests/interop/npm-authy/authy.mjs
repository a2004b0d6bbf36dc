// The authy library against the emulator: only the address differs. VERIFY_URL is
// where the emulator listens, VERIFY_CODE the code it sends, cut to length.
// Sends: 3
import assert from "node:assert/strict";
import { promisify } from "node:util";
import authy from "authy";

const { VERIFY_URL, VERIFY_CODE, API_KEY } = process.env;
const client = authy(API_KEY, VERIFY_URL);
const call = (name, ...args) => promisify(client[name].bind(client))(...args);
const phone = (name, ...args) => promisify(client.phones()[name])(...args);
const refused = (code) => (body) => {
  assert.equal(body.error_code, code);
  assert.equal(body.success, false);
  return true;
};
const code = (digits) => VERIFY_CODE.slice(0, digits);
const wrong = (digits) => "0".repeat(digits);

// A user: send, guess wrong, guess right, guess again.
const { user } = await call("register_user", "a@example.com", "500-555-0006", "1");
for (const send of ["request_sms", "request_call"]) {
  const sent = await call(send, user.id, true);
  assert.equal(sent.success, true);
  assert.equal(sent.cellphone, "+1-XXX-XXX-XX06");
  await assert.rejects(call("verify", user.id, wrong(7), true), refused("60020"));
  const valid = await call("verify", user.id, code(7), true);
  assert.equal(valid.token, "is valid");
  await assert.rejects(call("verify", user.id, code(7), true), refused("60019"));
}
assert.equal((await call("user_status", user.id)).status.confirmed, true);

// A phone, whose check the library makes as a GET with a body.
const started = await phone("verification_start", "500-555-0006", "1", { via: "sms", code_length: "6" });
assert.ok(started.seconds_to_expire > 590);
await assert.rejects(phone("verification_check", "500-555-0006", "1", wrong(6)), refused("60022"));
assert.equal((await phone("verification_status", "500-555-0006", "1")).status, "pending");
assert.equal((await phone("verification_check", "500-555-0006", "1", code(6))).success, true);
await assert.rejects(phone("verification_check", "500-555-0006", "1", code(6)), refused("60023"));
assert.equal((await phone("verification_status", "500-555-0006", "1")).status, "verified");

// Refusals, and the end.
await assert.rejects(promisify(authy("wrong", VERIFY_URL).user_status.bind(authy("wrong", VERIFY_URL)))(user.id), refused("60001"));
await assert.rejects(call("send_approval_request", user.id, { message: "Log in?" }, null, null), refused("60051"));
await assert.rejects(call("check_approval_status", "7"), refused("60049"));
await call("delete_user", user.id);
await assert.rejects(call("request_sms", user.id), refused("60026"));
