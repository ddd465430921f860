// verify-shopify-webhook: verifyWebhook on a Node request, which it reads and parses itself.
import { installed, serve } from "./countersign_driver.mjs";
import { verifyWebhook } from "verify-shopify-webhook";

serve({
  ...installed("verify-shopify-webhook"),
  schemes: ["shopify"],
  capabilities: ["clock"],
  async verify(request) {
    const { verified } = await verifyWebhook(request.incoming(), request.key);
    return verified;
  },
});
