// One phone verification by the authy-client library, with its defaults: what does it
// do when the answers are lost?
// Library: authy-client
import authy from "authy-client";

const { VERIFY_URL, API_KEY } = process.env;
const client = new authy.Client({ key: API_KEY }, { host: VERIFY_URL });
await client.startPhoneVerification({ countryCode: "1", phone: "5005550006", via: "sms" }).catch(() => {});
