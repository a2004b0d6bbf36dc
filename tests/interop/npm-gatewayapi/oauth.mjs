// The oauth-1.0a library signs requests to the REST API, without a token as
// GatewayAPI wants it. VERIFY_URL is where the emulator listens.
// Sends: 2
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import OAuth from "oauth-1.0a";

const { VERIFY_URL, API_KEY, API_SECRET } = process.env;
const body = JSON.stringify({ sender: "Acme", message: "Acme: 123456 is your code.", recipients: [{ msisdn: 15005550006 }] });

const signer = (secret) =>
  new OAuth({
    consumer: { key: API_KEY, secret },
    signature_method: "HMAC-SHA1",
    hash_function: (base, key) => createHmac("sha1", key).update(base).digest("base64"),
  });
const header = (secret, url) => {
  const oauth = signer(secret);
  return oauth.toHeader(oauth.authorize({ url, method: "POST" }));
};
const send = async (url, headers) => {
  const answer = await fetch(url, { method: "POST", body, headers: { ...headers, "Content-Type": "application/json" } });
  return { status: answer.status, body: await answer.json() };
};

const url = VERIFY_URL + "/rest/mtsms";
const good = header(API_SECRET, url);
const sent = await send(url, good);
assert.equal(sent.status, 200);
assert.equal(sent.body.ids.length, 1);

// The same signature again, for another address, and with another secret.
assert.equal((await send(url, good)).body.code, "0x0226");
assert.equal((await send(url + "?a=b", header(API_SECRET, url))).body.code, "0x0224");
assert.equal((await send(url + "?b=c%20d&a=b", header(API_SECRET, url + "?b=c%20d&a=b"))).status, 200);
assert.equal((await send(url, header("wrong", url))).body.code, "0x0224");
