// One message by the gatewayapi library, which people have from npm and which is not
// the vendor's own, with its defaults: what does it do when the answers are lost?
// Library: gatewayapi
import { Client } from "gatewayapi";

const { VERIFY_URL, TOKEN } = process.env;
const real = globalThis.fetch;
globalThis.fetch = (url, options) => real(url.replace("https://gatewayapi.com", VERIFY_URL), options);

await new Client({ token: TOKEN }).sendMessage({ sender: "Acme", message: "Acme: 123456 is your code.", to: 15005550006 }).catch(() => {});
