// The official @aws-sdk/client-sns against the emulator: only the endpoint differs.
// VERIFY_URL is where the emulator listens.
// Sends: 2
import assert from "node:assert/strict";
import { InvalidParameterException, PublishCommand, SNSClient } from "@aws-sdk/client-sns";

const { VERIFY_URL, ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION } = process.env;
const client = (change = {}) => new SNSClient({
  region: REGION, endpoint: VERIFY_URL, maxAttempts: 1,
  credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }, ...change,
});
const sns = client();
const text = { PhoneNumber: "+15005550006", Message: "123456 is your code. Æ & <b> ✓" };
const uuid = /^[0-9a-f-]{36}$/;

// Texts, one with all that a message may have.
assert.match((await sns.send(new PublishCommand(text))).MessageId, uuid);
const attribute = (StringValue, DataType = "String") => ({ DataType, StringValue });
const attributes = {
  "AWS.SNS.SMS.SMSType": attribute("Transactional"), "AWS.SNS.SMS.SenderID": attribute("Acme"),
  "AWS.SNS.SMS.MaxPrice": attribute("0.10", "Number"), "AWS.MM.SMS.OriginationNumber": attribute("+15017122661"),
  "AWS.MM.SMS.EntityId": attribute("1"), "AWS.MM.SMS.TemplateId": attribute("2"),
};
assert.match((await sns.send(new PublishCommand({ ...text, MessageAttributes: attributes }))).MessageId, uuid);

// Errors.
await assert.rejects(sns.send(new PublishCommand({ ...text, PhoneNumber: "12" })), (err) => {
  assert.ok(err instanceof InvalidParameterException, err.name);
  assert.match(err.message, /^Invalid parameter: PhoneNumber/);
  return true;
});
await assert.rejects(sns.send(new PublishCommand({ Message: "x" })), InvalidParameterException);

// Credentials.
const named = (name) => (err) => { assert.equal(err.name, name); return true; };
const stranger = { accessKeyId: "AKIAIOSFODNN7STRANGE", secretAccessKey: SECRET_ACCESS_KEY };
await assert.rejects(client({ credentials: stranger }).send(new PublishCommand(text)), named("InvalidClientTokenId"));
const forger = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: "wrong" };
await assert.rejects(client({ credentials: forger }).send(new PublishCommand(text)), named("SignatureDoesNotMatch"));
