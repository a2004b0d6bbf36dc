// One verification by the official twilio library, with its defaults: what does it do
// when the answers are lost?
// Library: twilio
import twilio from "twilio";

const { VERIFY_URL, ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID } = process.env;

class Elsewhere extends twilio.RequestClient {
  request(opts) {
    return super.request({ ...opts, uri: opts.uri.replace("https://verify.twilio.com", VERIFY_URL) });
  }
}

const client = twilio(ACCOUNT_SID, AUTH_TOKEN, { httpClient: new Elsewhere() });
await client.verify.v2.services(SERVICE_SID).verifications.create({ to: "+15005550006", channel: "sms" }).catch(() => {});
