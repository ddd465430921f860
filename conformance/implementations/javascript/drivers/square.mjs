// square: WebhooksHelper.verifySignature, which takes the body as text and the notification URL that was configured.
import { installed, serve } from "./countersign_driver.mjs";
import { SquareError, WebhooksHelper } from "square";

serve({
  ...installed("square"),
  schemes: ["square"],
  capabilities: ["clock"],
  rejects: [SquareError],
  verify: (request) =>
    WebhooksHelper.verifySignature({
      requestBody: request.text,
      signatureHeader: request.header("x-square-hmacsha256-signature"),
      signatureKey: request.key,
      notificationUrl: request.endpoint.constants["notification-url"],
    }),
});
