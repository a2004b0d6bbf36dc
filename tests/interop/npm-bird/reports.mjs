// The official @messagebird/sdk checks what the emulator reports. REPORTS are requests,
// REPORTS_SECRET is that of the webhook.
// Sends: 1
import assert from "node:assert/strict";
import { BirdClient, BirdWebhookVerificationError } from "@messagebird/sdk";

const { REPORTS, REPORTS_SECRET, API_KEY } = process.env;
const bird = new BirdClient({ apiKey: API_KEY, webhooks: { secret: REPORTS_SECRET } });
const types = new Set();
for (const { headers, body } of JSON.parse(REPORTS)) {
  const event = bird.webhooks.unwrap(body, headers);
  types.add(event.type);
  assert.equal(event.data.verification_id, "ver_1");
  assert.throws(() => bird.webhooks.unwrap(body.replace("ver_1", "ver_2"), headers), BirdWebhookVerificationError);
  assert.throws(() => bird.webhooks.unwrap(body, { ...headers, "Webhook-Timestamp": "1" }), BirdWebhookVerificationError);
}
assert.deepEqual([...types].sort(), [
  "verify.attempt.delivered", "verify.attempt.sent", "verify.attempt.undelivered", "verify.verification.failed",
]);
