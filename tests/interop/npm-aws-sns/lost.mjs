// One text by the official @aws-sdk/client-sns, with its defaults: what does it do when
// the answers are lost?
// Library: @aws-sdk/client-sns
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";

const { VERIFY_URL, ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION } = process.env;
const client = new SNSClient({
  region: REGION, endpoint: VERIFY_URL, credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
});
await client.send(new PublishCommand({ PhoneNumber: "+15005550006", Message: "123456 is your code." })).catch(() => {});
