// secure-webhooks: symmetric.verify, which takes the body as text. Scheme `secure-webhooks` is in
// secure_webhooks.scheme.yaml.
import { installed, serve } from "./countersign_driver.mjs";
import { symmetric } from "secure-webhooks";

serve({
  ...installed("secure-webhooks"),
  schemes: ["secure-webhooks"],
  capabilities: ["clock"],
  verify(request) {
    const signature = request.header("X-Webhook-Signature");
    return symmetric.verify(request.text, request.key, signature, { timestamp: request.now * 1000 });
  },
});
