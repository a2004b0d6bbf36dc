// The official @sinch/sdk-core checks what the emulator calls back. REPORTS are requests,
// APPLICATION_KEY and APPLICATION_SECRET are the application's. The path is signed, and
// the query is not.
// Sends: 1
import assert from "node:assert/strict";
import sinch from "@sinch/sdk-core";

const { REPORTS, APPLICATION_KEY, APPLICATION_SECRET } = process.env;
const callbacks = (applicationSecret) => new sinch.VerificationCallbackWebhooks({ applicationKey: APPLICATION_KEY, applicationSecret });
const told = [];
for (const { url, headers, body } of JSON.parse(REPORTS)) {
  const { pathname } = new URL(url);
  const genuine = (webhooks, text, path) => webhooks.validateAuthenticationHeader(headers, text, path, "POST");
  const ours = callbacks(APPLICATION_SECRET);
  assert.equal(genuine(ours, body, pathname), true);
  assert.equal(genuine(ours, body.replace("+", "-"), pathname), false);
  assert.equal(genuine(ours, body, "/elsewhere"), false);
  assert.equal(genuine(callbacks("d3Jvbmc="), body, pathname), false);
  const { event, smsResult, status, reason } = ours.parseEvent(body);
  told.push([event, smsResult, status, reason].filter(Boolean).join(" "));
}
assert.deepEqual(told, [
  "VerificationSmsDeliveredEvent Successful", "VerificationSmsDeliveredEvent Failed", "VerificationResultEvent DENIED Blocked",
]);
