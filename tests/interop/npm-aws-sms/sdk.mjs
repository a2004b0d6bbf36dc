// The official @aws-sdk/client-pinpoint-sms-voice-v2 against the emulator: only the
// endpoint differs. VERIFY_URL is where the emulator listens.
// Sends: 3
import assert from "node:assert/strict";
import {
  PinpointSMSVoiceV2Client, SendTextMessageCommand, SendVoiceMessageCommand, ValidationException,
} from "@aws-sdk/client-pinpoint-sms-voice-v2";

const { VERIFY_URL, ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, FROM } = process.env;
const client = (change = {}) => new PinpointSMSVoiceV2Client({
  region: REGION, endpoint: VERIFY_URL, maxAttempts: 1,
  credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }, ...change,
});
const sms = client();
const to = "+15005550006";
const uuid = /^[0-9a-f-]{36}$/;
const text = { DestinationPhoneNumber: to, OriginationIdentity: FROM, MessageBody: "123456 is your code.", MessageType: "TRANSACTIONAL" };

// Texts, one with all that a message may have.
assert.match((await sms.send(new SendTextMessageCommand(text))).MessageId, uuid);
const full = {
  ...text, TimeToLive: 600, MaxPrice: "0.10", ConfigurationSetName: "codes", ProtectConfigurationId: "protect-a1b2c3d4",
  Context: { verify_ref: "1" }, DestinationCountryParameters: { IN_ENTITY_ID: "1", IN_TEMPLATE_ID: "2" },
};
assert.match((await sms.send(new SendTextMessageCommand(full))).MessageId, uuid);
assert.match((await sms.send(new SendTextMessageCommand({ ...text, DryRun: true }))).MessageId, uuid);

// A call.
const call = { DestinationPhoneNumber: to, OriginationIdentity: FROM, MessageBody: "1, 2, 3, 4, 5, 6", VoiceId: "NAJA", TimeToLive: 60 };
assert.match((await sms.send(new SendVoiceMessageCommand(call))).MessageId, uuid);

// Errors.
const refused = (kind, reason) => (err) => {
  assert.ok(err instanceof kind, err.name);
  assert.equal(err.Reason, reason);
  return true;
};
await assert.rejects(sms.send(new SendTextMessageCommand({ ...text, DestinationPhoneNumber: "12" })), (err) => {
  assert.equal(err.Fields[0].Name, "DestinationPhoneNumber");
  return refused(ValidationException, "FIELD_VALIDATION_FAILED")(err);
});
await assert.rejects(sms.send(new SendTextMessageCommand({ ...text, TimeToLive: 4 })), refused(ValidationException, "FIELD_VALIDATION_FAILED"));

// Credentials.
const named = (name) => (err) => { assert.equal(err.name, name); return true; };
const stranger = { accessKeyId: "AKIAIOSFODNN7STRANGE", secretAccessKey: SECRET_ACCESS_KEY };
await assert.rejects(client({ credentials: stranger }).send(new SendTextMessageCommand(text)), named("UnrecognizedClientException"));
const forger = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: "wrong" };
await assert.rejects(client({ credentials: forger }).send(new SendTextMessageCommand(text)), named("InvalidSignatureException"));
await assert.rejects(client({ region: "eu-north-1" }).send(new SendTextMessageCommand(text)), named("InvalidSignatureException"));
