// One code by the official auth0, with its defaults: what does it do when the answers
// are lost?
// Library: auth0
import { AuthenticationClient } from "auth0/legacy";

const { VERIFY_URL, DOMAIN, CLIENT_ID, CLIENT_SECRET } = process.env;
const elsewhere = (url, init) => fetch(url.replace(`https://${DOMAIN}`, VERIFY_URL), init);
const { passwordless } = new AuthenticationClient({ domain: DOMAIN, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, fetch: elsewhere });
await passwordless.sendSMS({ phone_number: "+15005550006", send: "code" }).catch(() => {});
