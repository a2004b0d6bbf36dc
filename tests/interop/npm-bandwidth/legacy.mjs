// The official @bandwidth/mfa of 2020 against the emulator: only the address
// differs. Of its checks it sends an application id, which is ignored today.
// Sends: 2
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const mfa = createRequire(import.meta.url)("@bandwidth/mfa");

const { VERIFY_URL, ACCOUNT_ID, API_USER, API_PASSWORD, SMS_APP, VOICE_APP, FROM } = process.env;
const to = "+15005550006";
const VERIFY_CODE = process.env.VERIFY_CODE.slice(0, 6);
const wrong = VERIFY_CODE === "000000" ? "000001" : "000000";

mfa.Configuration.BASEURI = mfa.Configuration.BASEURI.replace("https://mfa.bandwidth.com", VERIFY_URL);
mfa.Configuration.basicAuthUserName = API_USER;
mfa.Configuration.basicAuthPassword = API_PASSWORD;

const request = (applicationId, over) =>
  new mfa.TwoFactorCodeRequestSchema({ to, from: FROM, applicationId, scope: "login", message: "Code: {CODE}", digits: 6, ...over });
const check = async (code) => {
  const body = new mfa.TwoFactorVerifyRequestSchema({ to, applicationId: SMS_APP, scope: "login", expirationTimeInMinutes: 3, code });
  return (await mfa.APIController.createVerifyTwoFactor(ACCOUNT_ID, body)).valid;
};
const refused = (status) => (err) => {
  assert.equal(err.errorCode, status);
  return true;
};

const sms = await mfa.APIController.createMessagingTwoFactor(ACCOUNT_ID, request(SMS_APP));
assert.equal(sms.messageId.length, 29);
assert.equal(await check(wrong), false);
assert.equal(await check(VERIFY_CODE), true);
assert.equal(await check(VERIFY_CODE), false);

const call = await mfa.APIController.createVoiceTwoFactor(ACCOUNT_ID, request(VOICE_APP));
assert.equal(call.callId.length, 47);
assert.equal(await check(VERIFY_CODE), true);

await assert.rejects(mfa.APIController.createMessagingTwoFactor(ACCOUNT_ID, request(SMS_APP, { to: "" })), refused(400));
mfa.Configuration.basicAuthPassword = "wrong";
await assert.rejects(mfa.APIController.createMessagingTwoFactor(ACCOUNT_ID, request(SMS_APP)), refused(403));
