// One verification by the official @messagebird/sdk, with its defaults: what does it do
// when the answers are lost?
// Library: @messagebird/sdk
import { BirdClient } from "@messagebird/sdk";

const { VERIFY_URL, API_KEY } = process.env;
const bird = new BirdClient({ apiKey: API_KEY, baseUrl: VERIFY_URL });
await bird.verify.verifications.create({ to: { phone_number: "+15005550006" } }).catch(() => {});
