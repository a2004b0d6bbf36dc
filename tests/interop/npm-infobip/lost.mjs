// One PIN by the official @infobip-api/sdk, with its defaults: what does it do when the
// answers are lost?
// Library: @infobip-api/sdk
import { Infobip, AuthType } from "@infobip-api/sdk";

const { VERIFY_URL, API_KEY, APPLICATION_ID, SMS_TEMPLATE } = process.env;
const { twoFA } = new Infobip({ baseUrl: VERIFY_URL, authType: AuthType.ApiKey, apiKey: API_KEY }).service;
await twoFA.sendPINCodeSMS({ applicationId: APPLICATION_ID, messageId: SMS_TEMPLATE, to: "15005550006" }, true).catch(() => {});
