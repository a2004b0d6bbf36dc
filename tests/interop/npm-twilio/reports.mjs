// The official twilio checks what the emulator reports: status callbacks of Messaging and
// events of Verify, by the account's token (REPORTS) and by a shared key (SHARED).
// Sends: 2
import assert from "node:assert/strict";
import twilio from "twilio";

const { AUTH_TOKEN, REPORTS, SHARED, SHARED_KEY } = process.env;
const check = (secret, { url, headers, body }) => {
  const algorithm = twilio.getSignatureAlgorithm(headers["X-Twilio-Webhooks-Signature-Settings"]);
  const signature = headers["X-Twilio-Signature"];
  if (headers["Content-Type"] === "application/json") return twilio.validateRequestWithBody(secret, signature, url, body, algorithm);
  return twilio.validateRequest(secret, signature, url, Object.fromEntries(new URLSearchParams(body)), algorithm);
};
for (const [secret, all, algorithm] of [[AUTH_TOKEN, REPORTS, undefined], [SHARED_KEY, SHARED, "HMAC_SHA256"]]) {
  const requests = JSON.parse(all);
  assert.equal(requests.length, 8);
  for (const request of requests) {
    assert.equal(request.headers["X-Twilio-Webhooks-Signature-Settings"]?.split("algorithm=")[1], algorithm);
    assert.equal(check(secret, request), true);
    assert.equal(check(secret + "x", request), false);
    assert.equal(check(secret, { ...request, body: request.body.replace("sent", "read").replace(/elivered/, "elivereD").replace("failed", "faileD") }), false);
    assert.equal(check(secret, { ...request, url: request.url.replace("a=b", "a=c") }), false);
  }
}
