// One verification by the official telnyx library, with its defaults: what does it do
// when the answers are lost?
// Library: telnyx
import Telnyx from "telnyx";

const { VERIFY_URL, API_KEY, PROFILE_ID } = process.env;
const { verifications } = new Telnyx({ apiKey: API_KEY, baseURL: VERIFY_URL + "/v2" });
await verifications.triggerSMS({ phone_number: "+15005550006", verify_profile_id: PROFILE_ID }).catch(() => {});
