// One message by @kapso/whatsapp-cloud-api, with its defaults: what does it do when the
// answers are lost?
// Library: @kapso/whatsapp-cloud-api
import { WhatsAppClient } from "@kapso/whatsapp-cloud-api";

const { VERIFY_URL, TOKEN, PHONE_NUMBER_ID: phoneNumberId, TEMPLATE } = process.env;
const client = new WhatsAppClient({ baseUrl: VERIFY_URL, accessToken: TOKEN });
const parameters = [{ type: "text", text: "123456" }];
await client.messages.sendTemplate({ phoneNumberId, to: "+15005550006", template: {
  name: TEMPLATE, language: { code: "en_US" }, components: [{ type: "body", parameters }, { type: "button", sub_type: "url", index: "0", parameters }],
} }).catch(() => {});
