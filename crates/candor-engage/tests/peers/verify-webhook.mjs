// Says which of the requests on standard input standardwebhooks accepts, as verify_webhook.py does.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
const accepted = ({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
};
console.log(JSON.stringify(JSON.parse(await text(process.stdin)).map(accepted)));
