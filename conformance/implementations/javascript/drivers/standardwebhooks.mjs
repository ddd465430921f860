// standardwebhooks: Webhook.verify without its parsing of JSON; it takes the body as bytes.
import { installed, keyed, serve } from "./countersign_driver.mjs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

serve({
  ...installed("standardwebhooks"),
  schemes: ["standard-webhooks"],
  capabilities: ["clock"],
  rejects: [WebhookVerificationError],
  verify(request) {
    keyed(() => new Webhook(request.key)).verify(request.body, request.mapping(), { jsonParse: false });
    return true;
  },
});
