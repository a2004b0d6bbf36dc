// The official telnyx checks what the emulator reports. REPORTS are requests,
// REPORTS_SECRET is the public key.
// Sends: 1
import assert from "node:assert/strict";
import Telnyx from "telnyx";

const { REPORTS, REPORTS_SECRET, API_KEY } = process.env;
const { webhooks } = new Telnyx({ apiKey: API_KEY, publicKey: REPORTS_SECRET });
const statuses = new Set();
for (const { headers, body } of JSON.parse(REPORTS)) {
  const { data } = await webhooks.unwrap(body, { headers });
  statuses.add(data.payload.delivery_status);
  await assert.rejects(async () => webhooks.unwrap(body.replace("verify.", "verify,"), { headers }));
}
assert.deepEqual([...statuses].sort(), ["delivered", "delivery_failed", "sending_failed", "sent"]);
