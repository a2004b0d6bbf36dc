// One text by the official @aws-sdk/client-pinpoint-sms-voice-v2, with its defaults: what
// does it do when the answers are lost?
// Library: @aws-sdk/client-pinpoint-sms-voice-v2
import { PinpointSMSVoiceV2Client, SendTextMessageCommand } from "@aws-sdk/client-pinpoint-sms-voice-v2";

const { VERIFY_URL, ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION } = process.env;
const client = new PinpointSMSVoiceV2Client({
  region: REGION, endpoint: VERIFY_URL, credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
});
await client.send(new SendTextMessageCommand({ DestinationPhoneNumber: "+15005550006", MessageBody: "123456 is your code." })).catch(() => {});
