// @great-detail/whatsapp, which goes on from Meta's own library, against the emulator:
// only the address differs. VERIFY_URL is where the emulator listens, VERIFY_CODE the
// code it sends.
// Sends: 1
import assert from "node:assert/strict";
import Client from "@great-detail/whatsapp";

const { VERIFY_URL, VERIFY_CODE, TOKEN, PHONE_NUMBER_ID: phoneNumberID, TEMPLATE: name } = process.env;
const client = (token) => new Client({ prefixUrl: VERIFY_URL, graphVersion: "v25.0", request: { headers: { Authorization: `Bearer ${token}` } } });
const parameters = [{ type: "text", text: VERIFY_CODE }];
const message = {
  phoneNumberID, to: "+15005550006", type: "template",
  template: { name, language: { code: "en_US" }, components: [{ type: "body", parameters }, { type: "button", sub_type: "url", index: "0", parameters }] },
};

const sent = await (await client(TOKEN).message.createMessage(message)).json();
assert.equal(sent.messaging_product, "whatsapp");
assert.deepEqual(sent.contacts, [{ input: "+15005550006", wa_id: "15005550006" }]);
assert.match(sent.messages[0].id, /^wamid\./);
await assert.rejects(async () => client("wrong").message.createMessage(message), (err) => err.response.status === 401);
