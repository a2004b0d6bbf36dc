// One verification by the official @prelude.so/sdk, with its defaults: what does it do
// when the answers are lost?
// Library: @prelude.so/sdk
import Prelude from "@prelude.so/sdk";

const { VERIFY_URL, API_KEY } = process.env;
const prelude = new Prelude({ apiToken: API_KEY, baseURL: VERIFY_URL });
await prelude.verification.create({ target: { type: "phone_number", value: "+15005550006" } }).catch(() => {});
