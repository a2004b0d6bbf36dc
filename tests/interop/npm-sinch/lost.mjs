// One verification by the official @sinch/sdk-core, with its defaults: what does it do
// when the answers are lost?
// Library: @sinch/sdk-core
import sinch from "@sinch/sdk-core";

const { VERIFY_URL, APPLICATION_KEY, APPLICATION_SECRET } = process.env;
const { verification } = new sinch.SinchClient({
  applicationKey: APPLICATION_KEY, applicationSecret: APPLICATION_SECRET, verificationHostname: VERIFY_URL,
});
await verification.verifications.startSms({
  startVerificationWithSmsRequestBody: { identity: { type: "number", endpoint: "+15005550006" } },
}).catch(() => {});
