// @kapso/whatsapp-cloud-api checks what the emulator reports. REPORTS are requests,
// REPORTS_SECRET is the app's secret.
// Sends: 1
import assert from "node:assert/strict";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";

const { REPORTS, REPORTS_SECRET: appSecret, PHONE_NUMBER_ID } = process.env;
const statuses = new Set();
for (const { headers, body } of JSON.parse(REPORTS)) {
  const signatureHeader = headers["X-Hub-Signature-256"];
  assert.ok(verifySignature({ appSecret, rawBody: body, signatureHeader }));
  assert.ok(!verifySignature({ appSecret, rawBody: body.replace("wamid", "wamib"), signatureHeader }));
  const webhook = normalizeWebhook(JSON.parse(body));
  assert.equal(webhook.phoneNumberId, PHONE_NUMBER_ID);
  assert.equal(webhook.statuses.length, 1);
  const { id, status, recipientId, errors } = webhook.statuses[0];
  assert.match(id, /^wamid\./);
  assert.equal(recipientId, "15005550006");
  statuses.add(`${status} ${errors?.[0].code ?? ""}`.trim());
}
assert.deepEqual([...statuses].sort(), ["delivered", "failed 131000", "failed 131026", "sent"]);
