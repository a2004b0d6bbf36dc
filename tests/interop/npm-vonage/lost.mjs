// One verification by the official @vonage/verify2, with its defaults but for the kind
// of credentials: what does it do when the answers are lost?
// Library: @vonage/verify2
import { Auth } from "@vonage/auth";
import { Verify2 } from "@vonage/verify2";

const { VERIFY_URL, API_KEY, API_SECRET } = process.env;
const verify = new Verify2(new Auth({ apiKey: API_KEY, apiSecret: API_SECRET }), { apiHost: VERIFY_URL });
verify.authType = "basic";
await verify.newRequest({ brand: "Acme", workflow: [{ channel: "sms", to: "15005550006" }] }).catch(() => {});
