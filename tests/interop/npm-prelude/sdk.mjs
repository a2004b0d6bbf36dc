// The official @prelude.so/sdk against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to
// length. Prelude has no cancel.
// Sends: 8
import assert from "node:assert/strict";
import Prelude from "@prelude.so/sdk";

const { VERIFY_URL, API_KEY } = process.env;
const code = (digits) => process.env.VERIFY_CODE.slice(0, digits);
const target = { type: "phone_number", value: "+15005550006" };
const { verification } = new Prelude({ apiToken: API_KEY, baseURL: VERIFY_URL });
const check = async (code) => (await verification.check({ target, code })).status;

// Send, another attempt, a wrong code, the right one, and again.
assert.equal(await check(code(6)), "expired_or_not_found");
const created = await verification.create({
  target,
  options: { code_size: 6, locale: "da-DK", method: "message", preferred_channel: "whatsapp" },
  signals: { ip: "203.0.113.7", device_platform: "web", user_agent: "Mozilla/5.0", is_trusted_user: true },
  metadata: { correlation_id: "login-1" },
});
assert.deepEqual([created.status, created.method, created.channels], ["success", "message", ["whatsapp", "sms"]]);
assert.deepEqual(created.metadata, { correlation_id: "login-1" });
const again = await verification.create({ target });
assert.deepEqual([again.id, again.status, again.channels], [created.id, "retry", ["sms"]]);
assert.equal(await check("999999"), "failure");
const right = await verification.check({ target, code: code(6) });
assert.deepEqual([right.id, right.status, right.metadata], [created.id, "success", { correlation_id: "login-1" }]);
assert.equal(await check(code(6)), "expired_or_not_found");

// Each channel, a call, and lengths that are chosen.
for (const preferred_channel of ["sms", "rcs", "telegram", "viber"]) {
  const { status, channels } = await verification.create({ target, options: { preferred_channel, code_size: 8 } });
  assert.deepEqual([status, channels[0]], ["success", preferred_channel]);
  assert.equal(await check(code(8)), "success");
}
const call = await verification.create({ target, options: { method: "voice" } });
assert.deepEqual([call.method, call.channels], ["voice", ["voice"]]);
assert.equal(await check(code(6)), "success");

// What is blocked is answered with 200, and nothing is sent.
const blocked = await verification.create({ target, signals: { device_platform: "tvos" } });
assert.deepEqual([blocked.status, blocked.reason], ["blocked", "suspicious"]);

// Errors.
const refused = (type, code) => (err) => {
  assert.ok(err instanceof type);
  assert.equal(err.error.code, code);
  return true;
};
const { BadRequestError, AuthenticationError, PermissionDeniedError } = Prelude;
await assert.rejects(verification.create({ target: { ...target, value: "12" } }), refused(BadRequestError, "invalid_phone_number"));
await assert.rejects(verification.create({ target, options: { code_size: 9 } }), refused(BadRequestError, "invalid_code_size"));
await assert.rejects(verification.create({ target: { type: "email_address", value: "a@example.com" } }), refused(PermissionDeniedError, "email_verification_not_allowed"));
await assert.rejects(new Prelude({ apiToken: "wrong", baseURL: VERIFY_URL }).verification.create({ target }), refused(AuthenticationError, "invalid_bearer_token"));
await verification.create({ target });
