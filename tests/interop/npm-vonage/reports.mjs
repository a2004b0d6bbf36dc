// The official @vonage/jwt checks the token of what the emulator reports, and the hash
// in it is compared as Vonage's page does. REPORTS are requests, REPORTS_SECRET is the
// signature secret.
// Sends: 1
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { verifySignature } from "@vonage/jwt";

const { REPORTS, REPORTS_SECRET } = process.env;
for (const { headers, body } of JSON.parse(REPORTS)) {
  const token = headers.Authorization.split(" ")[1];
  assert.equal(verifySignature(token, REPORTS_SECRET), true);
  assert.equal(verifySignature(token, REPORTS_SECRET + "x"), false);
  assert.equal(verifySignature(token.replace(/\.[^.]*$/, ".AAAA"), REPORTS_SECRET), false);
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.equal(createHash("sha256").update(JSON.stringify(JSON.parse(body))).digest("hex"), claims.payload_hash);
}
