// The official @sinch/sdk-core against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to
// length. Each request is signed with the application's secret. Sinch has no cancel.
// Sends: 6
import assert from "node:assert/strict";
import sinch from "@sinch/sdk-core";

const { VERIFY_URL, APPLICATION_KEY, APPLICATION_SECRET } = process.env;
const code = process.env.VERIFY_CODE.slice(0, 4);
const wrong = code === "0000" ? "0001" : "0000";
const endpoint = "+15005550006";
const identity = { type: "number", endpoint };
const client = (more) => new sinch.SinchClient({
  applicationKey: APPLICATION_KEY, applicationSecret: APPLICATION_SECRET, verificationHostname: VERIFY_URL, ...more,
}).verification;
const { verifications, verificationStatus } = client();

const refused = (status, errorCode) => (err) => {
  assert.equal(err.statusCode, status);
  assert.equal(JSON.parse(err.data).errorCode, errorCode);
  return true;
};
const gone = refused(404, 40400);

// By each channel and by id: a wrong code, the right one, and again.
for (const [method, start, report] of [
  ["sms",
    (b) => verifications.startSms({ startVerificationWithSmsRequestBody: { ...b, smsOptions: { expiry: "00:02:00", codeType: "Numeric", locale: "da-DK" } } }),
    (id, code) => verifications.reportSmsById({ id, reportSmsVerificationByIdRequestBody: { sms: { code } } })],
  ["callout",
    (b) => verifications.startPhoneCall({ startVerificationWithPhoneCallRequestBody: { ...b, phoneCallOptions: { speech: { locale: "da-DK" } } } }),
    (id, code) => verifications.reportPhoneCallById({ id, reportPhoneCallVerificationByIdRequestBody: { phoneCall: { code } } })],
  ["whatsapp",
    (b) => verifications.startWhatsApp({ startVerificationWithWhatsAppRequestBody: { ...b, whatsappOptions: { codeType: "Numeric" } } }),
    (id, code) => verifications.reportWhatsAppById({ id, reportWhatsAppVerificationByIdRequestBody: { whatsapp: { code } } })],
]) {
  const started = await start({ identity, reference: "login " + method });
  assert.equal(started.method, method);
  const failed = await report(started.id, wrong);
  assert.deepEqual([failed.status, failed.reason], ["FAIL", "Invalid code"]);
  const right = await report(started.id, code);
  assert.deepEqual([right.id, right.method, right.status, right.reason], [started.id, method, "SUCCESSFUL", undefined]);
  await assert.rejects(report(started.id, code), gone);
  const told = await verificationStatus.getById({ id: started.id });
  assert.deepEqual([told.status, told.identity.endpoint, told.reference], ["SUCCESSFUL", endpoint, "login " + method]);
}

// By number; the code names its method, and a new start ends the one before.
const sms = { identity, smsOptions: {} };
const first = await verifications.startSms({ startVerificationWithSmsRequestBody: { ...sms } });
const second = await verifications.startSms({ startVerificationWithSmsRequestBody: { ...sms, reference: "twice" } });
assert.equal((await verificationStatus.getById({ id: first.id })).status, "ABORTED");
assert.equal((await verifications.reportSmsById({ id: first.id, reportSmsVerificationByIdRequestBody: { sms: { code } } })).status, "ABORTED");
await assert.rejects(verifications.reportPhoneCallByIdentity({ endpoint, reportPhoneCallVerificationByIdentityRequestBody: { phoneCall: { code } } }), gone);
assert.equal((await verifications.reportSmsByIdentity({ endpoint, reportSmsVerificationByIdentityRequestBody: { sms: { code } } })).status, "SUCCESSFUL");
assert.equal((await verificationStatus.getByReference({ reference: "twice" })).id, second.id);
assert.equal((await verificationStatus.getByIdentity({ endpoint, method: "sms" })).id, second.id);

// Errors, and a secret that signs wrongly.
const start = (v, body) => v.verifications.startSms({ startVerificationWithSmsRequestBody: body });
await assert.rejects(start({ verifications }, { identity: { type: "number", endpoint: "15005550006" } }), refused(400, 40005));
await assert.rejects(start({ verifications }, { identity: { type: "number", endpoint: "+12" } }), refused(400, 40001));
await assert.rejects(start(client({ applicationSecret: "d3Jvbmc=" }), { identity }), refused(401, 40102));
await assert.rejects(start(client({ applicationKey: "wrong" }), { identity }), refused(401, 40100));
await assert.rejects(verifications.startData({ startDataVerificationRequestBody: { identity } }), refused(403, 40300));
await start({ verifications }, { identity });
