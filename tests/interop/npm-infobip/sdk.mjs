// The official @infobip-api/sdk against the emulator: only the address differs.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends, cut to
// length. The library returns errors and throws none.
// Sends: 4
import assert from "node:assert/strict";
import { Infobip, AuthType } from "@infobip-api/sdk";

const { VERIFY_URL, API_KEY, APPLICATION_ID, SMS_TEMPLATE, VOICE_TEMPLATE } = process.env;
const VERIFY_CODE = process.env.VERIFY_CODE.slice(0, 6);
const wrong = VERIFY_CODE === "000000" ? "000001" : "000000";
const to = "15005550006";
const channels = (key) => new Infobip({ baseUrl: VERIFY_URL, authType: AuthType.ApiKey, apiKey: key }).service.twoFA;
const twoFA = channels(API_KEY);
const body = { applicationId: APPLICATION_ID, messageId: SMS_TEMPLATE, to };

const check = async (pinId, pin) => {
  const { status, data } = await twoFA.verifyPhoneNumber(pinId, { pin });
  assert.equal(status, 200);
  assert.equal(data.msisdn, to);
  return data;
};

// By text message, with a wrong code, the right one, and again.
const sms = (await twoFA.sendPINCodeSMS(body, true)).data;
assert.equal(sms.smsStatus, "MESSAGE_SENT");
const no = await check(sms.pinId, wrong);
assert.equal(no.verified, false);
assert.equal(no.pinError, "WRONG_PIN");
assert.equal(no.attemptsRemaining, 9);
assert.equal((await check(sms.pinId, VERIFY_CODE)).verified, true);
assert.equal((await check(sms.pinId, VERIFY_CODE)).verified, false);

// Without the argument, by call, and again by call.
assert.equal((await twoFA.sendPINCodeSMS(body)).data.smsStatus, "MESSAGE_SENT");
const call = (await twoFA.sendPINCodeVoice({ ...body, messageId: VOICE_TEMPLATE })).data;
assert.equal(call.callStatus, "PENDING_ACCEPTED");
const again = (await twoFA.resendPINCodeVoice(call.pinId)).data;
assert.equal(again.pinId, call.pinId);
assert.equal((await check(call.pinId, VERIFY_CODE)).verified, true);

// The application, and errors.
assert.equal((await twoFA.getApplication(APPLICATION_ID)).data.configuration.pinTimeToLive, "600s");
const status = async (answer) => (await answer).response.status;
assert.equal(await status(twoFA.sendPINCodeSMS({ ...body, to: "12" }, true)), 400);
assert.equal(await status(twoFA.sendPINCodeSMS({ ...body, applicationId: "nobody" }, true)), 404);
assert.equal(await status(twoFA.verifyPhoneNumber("NOBODY", { pin: VERIFY_CODE })), 404);
assert.equal(await status(channels("wrong").sendPINCodeSMS(body, true)), 401);
