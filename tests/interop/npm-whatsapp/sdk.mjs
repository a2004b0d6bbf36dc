// @kapso/whatsapp-cloud-api against the emulator: only the address differs. Meta's own
// library for Node.js calls port 443 by TLS and nothing else, so it cannot be tried.
// VERIFY_URL is where the emulator listens, VERIFY_CODE the code it sends.
// Sends: 3
import assert from "node:assert/strict";
import { WhatsAppClient, GraphApiError, buildTemplateSendPayload } from "@kapso/whatsapp-cloud-api";

const { VERIFY_URL, VERIFY_CODE, TOKEN, PHONE_NUMBER_ID: phoneNumberId, TEMPLATE } = process.env;
const client = new WhatsAppClient({ baseUrl: VERIFY_URL, accessToken: TOKEN, graphVersion: "v25.0" });
const template = (change = {}) => buildTemplateSendPayload({
  name: TEMPLATE,
  language: "en_US",
  body: [{ type: "text", text: VERIFY_CODE }],
  buttons: [{ type: "button", subType: "url", index: 0, parameters: [{ type: "text", text: VERIFY_CODE }] }],
  ...change,
});
const to = "+15005550006";
const send = (change, more = {}) => client.messages.sendTemplate({ phoneNumberId, to, template: template(change), ...more });

// A code, in two languages, and by hand.
const sent = await send();
assert.deepEqual(sent.contacts, [{ input: to, waId: "15005550006" }]);
assert.match(sent.messages[0].id, /^wamid\./);
assert.notEqual((await send({ language: "pt_BR" })).messages[0].id, sent.messages[0].id);
await client.messages.sendTemplate({ phoneNumberId, to, template: {
  name: TEMPLATE, language: { code: "da" }, components: [
    { type: "body", parameters: [{ type: "text", text: VERIFY_CODE }] },
    { type: "button", sub_type: "url", index: "0", parameters: [{ type: "text", text: VERIFY_CODE }] },
  ],
} });

// Errors, by their code.
const refused = (code, category, status) => (err) => {
  assert.ok(err instanceof GraphApiError);
  assert.deepEqual([err.code, err.category, err.httpStatus], [code, category, status]);
  return true;
};
await assert.rejects(send({ language: "de" }), refused(132001, "template", 404));
await assert.rejects(send({ name: "another" }), refused(132001, "template", 404));
await assert.rejects(send({ buttons: undefined }), refused(132000, "template", 400));
await assert.rejects(client.messages.sendText({ phoneNumberId, to, body: VERIFY_CODE }), (err) => err.code === 131047);
await assert.rejects(new WhatsAppClient({ baseUrl: VERIFY_URL, accessToken: "wrong" }).messages.sendTemplate({ phoneNumberId, to, template: template() }),
  refused(190, "authorization", 401));
