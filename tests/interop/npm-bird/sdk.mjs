// The official @messagebird/sdk against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to
// length. Bird has no cancel.
// Sends: 4
import assert from "node:assert/strict";
import { BirdAuthError, BirdClient, BirdConflictError, BirdNotFoundError, BirdValidationError } from "@messagebird/sdk";

const { VERIFY_URL, API_KEY } = process.env;
const code = (digits) => process.env.VERIFY_CODE.slice(0, digits);
const to = { phone_number: "+15005550006" };

const bird = new BirdClient({ apiKey: API_KEY, baseUrl: VERIFY_URL });
const { verifications } = bird.verify;

// Send, a wrong code, the right one, and again.
const created = await verifications.create({ to, options: { channels: ["sms"] } });
assert.equal(created.status, "pending");
assert.equal(created.last_channel, "sms");
assert.deepEqual(created.to, to);
const wrong = await verifications.check({ to, code: "999999" });
assert.deepEqual([wrong.success, wrong.reason, wrong.attempts_remaining], [false, "incorrect_code", 4]);
const right = await verifications.check({ to, code: code(6) });
assert.deepEqual([right.success, right.reason, right.verification.status], [true, null, "verified"]);
await assert.rejects(verifications.check({ to, code: code(6) }), (err) => err instanceof BirdNotFoundError && err.code === "E13000");

// A phone is not sms by itself, an address has its own channel, and lengths are chosen.
assert.equal((await verifications.create({ to, options: { code_length: 8 } })).last_channel, "whatsapp");
assert.equal((await verifications.check({ to, code: code(8) })).success, true);
const email = { email: "a@example.com" };
assert.equal((await verifications.create({ to: email })).last_channel, "email");
assert.equal((await verifications.check({ to: email, code: code(6) })).success, true);

// Idempotency keys.
const request = { to, options: { channels: ["voice"] } };
const first = await verifications.create(request, { idempotencyKey: "login/1" });
assert.equal((await verifications.create(request, { idempotencyKey: "login/1" })).id, first.id);
await assert.rejects(verifications.create({ to }, { idempotencyKey: "login/1" }), (err) => err instanceof BirdConflictError && err.code === "E01005");
assert.equal((await verifications.check({ to, code: code(6) })).success, true);

// Errors.
await assert.rejects(verifications.create({ to: { phone_number: "12" } }), (err) => err instanceof BirdValidationError && err.param === "to.phone_number");
await assert.rejects(verifications.create({ to, options: { channels: ["email"] } }), BirdValidationError);
await assert.rejects(new BirdClient({ apiKey: "bk_us1_wrong", baseUrl: VERIFY_URL }).verify.verifications.create({ to }), BirdAuthError);
