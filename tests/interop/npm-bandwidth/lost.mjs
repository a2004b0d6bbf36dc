// One code by the official bandwidth-sdk, with its defaults: what does it do when the
// answers are lost?
// Library: bandwidth-sdk
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const axios = require("axios"); // the instance that bandwidth-sdk calls
const { Configuration, MFAApi } = require("bandwidth-sdk");

const { VERIFY_URL, ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, SMS_APP, FROM } = process.env;

axios.interceptors.request.use((config) => ({
  ...config,
  url: config.url.replace(/^https:\/\/(mfa|api)\.bandwidth\.com/, VERIFY_URL),
}));

const mfa = new MFAApi(new Configuration({
  basePath: "https://mfa.bandwidth.com/api/v1", clientId: CLIENT_ID, clientSecret: CLIENT_SECRET,
}));
await mfa.generateMessagingCode(ACCOUNT_ID, {
  to: "+15005550006", from: FROM, applicationId: SMS_APP, message: "Your code is {CODE}", digits: 6,
}).catch(() => {});
