// The official twilio library against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to length.
// Sends: 9
import assert from "node:assert/strict";
import twilio from "twilio";

const { VERIFY_URL, ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID } = process.env;
const to = "+15005550006";
const VERIFY_CODE = process.env.VERIFY_CODE.slice(0, 6);
const wrong = VERIFY_CODE === "000000" ? "000001" : "000000";

class Elsewhere extends twilio.RequestClient {
  request(opts) {
    return super.request({ ...opts, uri: opts.uri.replace("https://verify.twilio.com", VERIFY_URL) });
  }
}

const client = (token) =>
  twilio(ACCOUNT_SID, token, { httpClient: new Elsewhere() }).verify.v2.services(SERVICE_SID);
const service = client(AUTH_TOKEN);
const send = (channel) => service.verifications.create({ to, channel });
const check = (code) => service.verificationChecks.create({ to, code });
const refused = (status, code) => (err) => {
  assert.equal(err.status, status);
  assert.equal(err.code, code);
  return true;
};

// What the Service is.
const settings = await service.fetch();
assert.equal(settings.codeLength, 6);
assert.equal(settings.psd2Enabled, false);

// Send, send again by another channel, guess wrong, guess right, guess again.
const first = await send("sms");
assert.equal(first.status, "pending");
assert.ok(Date.now() - first.dateCreated.getTime() < 60_000);
const second = await send("call");
assert.equal(second.sid, first.sid);
assert.equal(second.sendCodeAttempts.length, 2);
assert.equal((await check(wrong)).status, "pending");
assert.equal((await check(VERIFY_CODE)).status, "approved");
await assert.rejects(check(VERIFY_CODE), refused(404, 20404));

// Fetch and cancel, by SID and by recipient.
for (const by of ["sid", "to"]) {
  const v = await send("sms");
  assert.equal((await service.verifications(v[by]).fetch()).sid, v.sid);
  assert.equal((await service.verifications(v[by]).update({ status: "canceled" })).status, "canceled");
  assert.equal((await service.verifications(v[by]).fetch()).status, "canceled");
}

// Refusals.
await assert.rejects(service.verifications.create({ to: "123", channel: "sms" }), refused(400, 60200));
await assert.rejects(client("wrong").fetch(), refused(401, 20003));
for (let i = 0; i < 5; i++) await send("sms");
await assert.rejects(send("sms"), refused(429, 60203));
for (let i = 0; i < 5; i++) await check(wrong);
await assert.rejects(check(VERIFY_CODE), refused(429, 60202));
