// The official @bandwidth/mfa of 2020 against the emulator: only the address
// differs. It knows API users alone, which Bandwidth ends on 2026-12-02.
// Sends: 0
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const mfa = createRequire(import.meta.url)("@bandwidth/mfa");

const { VERIFY_URL, ACCOUNT_ID, SMS_APP, VOICE_APP, FROM } = process.env;
const to = "+15005550006";

mfa.Configuration.BASEURI = mfa.Configuration.BASEURI.replace("https://mfa.bandwidth.com", VERIFY_URL);
mfa.Configuration.basicAuthUserName = "user";
mfa.Configuration.basicAuthPassword = "placeholder";

const request = (applicationId) =>
  new mfa.TwoFactorCodeRequestSchema({ to, from: FROM, applicationId, scope: "login", message: "Code: {CODE}", digits: 6 });
const refused = (err) => {
  assert.equal(err.errorCode, 403);
  return true;
};

await assert.rejects(mfa.APIController.createMessagingTwoFactor(ACCOUNT_ID, request(SMS_APP)), refused);
await assert.rejects(mfa.APIController.createVoiceTwoFactor(ACCOUNT_ID, request(VOICE_APP)), refused);
const body = new mfa.TwoFactorVerifyRequestSchema({ to, applicationId: SMS_APP, scope: "login", expirationTimeInMinutes: 3, code: "123456" });
await assert.rejects(mfa.APIController.createVerifyTwoFactor(ACCOUNT_ID, body), refused);
