// svix: Webhook.verify, which knows both sets of header names and parses the body as JSON after the check.
import { installed, keyed, serve } from "./countersign_driver.mjs";
import { Webhook, WebhookVerificationError } from "svix";

serve({
  ...installed("svix"),
  schemes: ["svix", "standard-webhooks"],
  capabilities: ["clock"],
  rejects: [WebhookVerificationError],
  verify(request) {
    keyed(() => new Webhook(request.key)).verify(request.body, request.mapping());
    return true;
  },
});
