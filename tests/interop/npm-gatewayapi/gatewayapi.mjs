// The gatewayapi library, which people have from npm and which is not the
// vendor's own, against the emulator: only the address differs. VERIFY_URL is
// where the emulator listens.
// Sends: 4
import assert from "node:assert/strict";
import { Client } from "gatewayapi";

const { VERIFY_URL, TOKEN } = process.env;
const to = 15005550006;
const message = "Acme: 123456 is your code.";

const real = globalThis.fetch;
globalThis.fetch = (url, options) => real(url.replace("https://gatewayapi.com", VERIFY_URL), options);

const client = new Client({ token: TOKEN });
const refused = ({ data, error }, status, code) => {
  assert.equal(data, undefined);
  assert.equal(error.code, status);
  assert.equal(error.reason.code, code);
};

// One message, with little and with all that the library knows.
const first = await client.sendMessage({ sender: "Acme", message, to });
assert.equal(first.error, undefined);
assert.equal(first.data.ids.length, 1);
assert.deepEqual(first.data.usage, { countries: { US: 1 }, currency: "DKK", total_cost: 0.12 });
const second = await client.sendMessage({
  sender: "Acme", message: "代码 654321", to: { msisdn: String(to) }, class: "SECRET", encoding: "UCS2",
  priority: "VERY_URGENT", validityPeriod: 600, userRef: "1", type: "MOBILE", detailed: true,
});
assert.equal(second.error, undefined);
assert.equal(second.data.ids[0], first.data.ids[0] + 1);

// Many recipients.
const many = await client.sendMessage({ sender: "Acme", message, to: [to, { msisdn: 15017122661 }] });
assert.equal(many.data.usage.countries.US, 2);

// Refusals.
refused(await client.sendMessage({ sender: "Acme", message, to: [to, to] }), 422, "0x0310");
refused(await client.sendMessage({ sender: "Acme", message: "", to }), 400, "0x0222");
refused(await new Client({ token: "wrong" }).sendMessage({ sender: "Acme", message, to }), 401, "0x0210");

// The library asks for the balance without any credentials.
refused(await client.getAccountBalance(), 401, undefined);
