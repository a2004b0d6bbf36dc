// The official standardwebhooks judges what package webhook posts: POSTED is a list of
// requests with the secrets that they are signed under, one or two.
// Sends: 0
import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";

const posted = JSON.parse(process.env.POSTED);
assert.equal(posted.length, 2);
for (const { secrets, stranger, headers, body } of posted) {
  for (const secret of secrets) {
    const webhook = new Webhook(secret);
    const { type, data } = webhook.verify(body, headers);
    assert.equal(type, "verify.message");
    assert.deepEqual([data.to, data.channel], ["+15005550006", "sms"]);

    // One byte of the body, the id, the time or all signatures is another one.
    const refused = (body, headers) => assert.throws(() => webhook.verify(body, headers), { name: "WebhookVerificationError" });
    const flipped = (text, i) => text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ 1) + text.slice(i + 1);
    for (let i = 0; i < body.length; i++) refused(flipped(body, i), headers);
    for (const name of ["webhook-id", "webhook-timestamp"]) {
      for (let i = 0; i < headers[name].length; i++) refused(body, { ...headers, [name]: flipped(headers[name], i) });
    }
    const signatures = headers["webhook-signature"].split(" ");
    assert.equal(signatures.length, secrets.length);
    for (let i = 0; i < signatures[0].length; i++) {
      refused(body, { ...headers, "webhook-signature": signatures.map((s) => flipped(s, i)).join(" ") });
    }
  }
  assert.throws(() => new Webhook(stranger).verify(body, headers));
}
