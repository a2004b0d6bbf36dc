// The official standardwebhooks signs for the emulator of an endpoint at VERIFY_URL, and
// for the hook of Supabase Auth at HOOK: both take what it signs, and nothing else.
// Sends: 1
import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";

const { VERIFY_URL, SECRET, HOOK, HOOK_SECRET, HOOK_BODY } = process.env;
const message = JSON.stringify({
  type: "verify.message",
  data: { to: "+15005550006", channel: "sms", text: `Your code is ${process.env.VERIFY_CODE}` },
});
const post = async (url, secret, id, at, body, change = {}) => {
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
    ...change,
  };
  const answer = await fetch(url, { method: "POST", headers, body: change.body ?? body });
  return answer.status;
};
const now = Date.now();
const stranger = "whsec_c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vy";

for (const [url, secret, body] of [[VERIFY_URL, SECRET, message], [HOOK, HOOK_SECRET, HOOK_BODY]]) {
  assert.equal(await post(url, stranger, "a", now, body), 401);
  assert.equal(await post(url, secret, "a", now - 3600_000, body), 401);
  assert.equal(await post(url, secret, "a", now, body, { "webhook-id": "b" }), 401);
  assert.equal(await post(url, secret, "a", now, body, { body: body + " " }), 401);
  assert.equal(await post(url, secret, "a", now, body), 200);
  assert.equal(await post(url, secret, "a", now, body), 200); // again: it is known
}
