// resend: webhooks.verify, which takes the body as text and three headers, and parses the body after the check.
import { installed, serve } from "./countersign_driver.mjs";
import { Resend } from "resend";
import { WebhookVerificationError } from "standardwebhooks"; // what it throws; it has no class of its own

const { webhooks } = new Resend("unused");

serve({
  ...installed("resend"),
  schemes: ["svix"],
  capabilities: ["clock"],
  rejects: [WebhookVerificationError],
  verify(request) {
    webhooks.verify({
      payload: request.text,
      headers: {
        id: request.header("svix-id"),
        timestamp: request.header("svix-timestamp"),
        signature: request.header("svix-signature"),
      },
      webhookSecret: request.key,
    });
    return true;
  },
});
