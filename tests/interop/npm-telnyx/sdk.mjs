// The official telnyx against the emulator: only the address differs. VERIFY_URL is
// where the emulator listens, VERIFY_CODE the code it sends, cut to length.
// Sends: 4
import assert from "node:assert/strict";
import Telnyx from "telnyx";

const { VERIFY_URL, API_KEY, PROFILE_ID } = process.env;
const VERIFY_CODE = process.env.VERIFY_CODE.slice(0, 6);
const wrong = VERIFY_CODE === "000000" ? "000001" : "000000";
const to = "+15005550006";
const body = { phone_number: to, verify_profile_id: PROFILE_ID };

const { verifications, verifyProfiles } = new Telnyx({ apiKey: API_KEY, baseURL: VERIFY_URL + "/v2" });
const check = async (code) => {
  const { data } = await verifications.byPhoneNumber.actions.verify(to, { code, verify_profile_id: PROFILE_ID });
  assert.equal(data.phone_number, to);
  return data.response_code;
};
const refused = (status, code) => (err) => {
  assert.equal(err.status, status);
  assert.equal(err.error.errors[0].code, code);
  return true;
};

// Send by each channel, a wrong code, the right one, and again.
for (const [type, send] of Object.entries({
  sms: (b) => verifications.triggerSMS(b),
  call: (b) => verifications.triggerCall(b),
  whatsapp: (b) => verifications.triggerWhatsappVerification(b),
})) {
  const { data } = await send({ ...body, timeout_secs: 120 });
  assert.equal(data.type, type);
  assert.equal(data.status, "pending");
  assert.equal(data.timeout_secs, 120);
  assert.equal(await check(wrong), "rejected");
  assert.equal(await check(VERIFY_CODE), "accepted");
  assert.equal(await check(VERIFY_CODE), "rejected");
  assert.equal((await verifications.retrieve(data.id)).data.status, "accepted");
}

// By id, and what is told of a number.
const { data } = await verifications.triggerSMS(body);
assert.equal((await verifications.actions.verify(data.id, { code: VERIFY_CODE })).data.response_code, "accepted");
const listed = await verifications.byPhoneNumber.list(to);
assert.equal(listed.data.length, 4);
assert.equal(listed.meta.total_results, 4);

// The profile.
const profile = (await verifyProfiles.retrieve(PROFILE_ID)).data;
assert.equal(profile.sms.code_length, 6);

// Errors.
const strict = new Telnyx({ apiKey: API_KEY, baseURL: VERIFY_URL + "/v2", maxRetries: 0 });
await assert.rejects(strict.verifications.triggerSMS({ ...body, phone_number: "12" }), refused(400, "10016"));
await assert.rejects(strict.verifications.triggerSMS({ phone_number: to }), refused(422, "10027"));
await assert.rejects(strict.verifications.triggerSMS({ ...body, verify_profile_id: "nobody" }), refused(404, "10005"));
await assert.rejects(new Telnyx({ apiKey: "wrong", baseURL: VERIFY_URL + "/v2" }).verifications.triggerSMS(body), refused(401, "10009"));
