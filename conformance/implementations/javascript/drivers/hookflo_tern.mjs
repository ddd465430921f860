// @hookflo/tern: WebhookVerificationService.verifyWithPlatformConfig on a Request of the Fetch API.
import { Rejected, installed, serve } from "./countersign_driver.mjs";
import { WebhookVerificationService } from "@hookflo/tern";

// Its platforms whose rules are those of a scheme.
const PLATFORMS = {
  "body-hex": "lemonsqueezy",
  github: "github",
  paddle: "paddle",
  razorpay: "razorpay",
  shopify: "shopify",
  "standard-webhooks": "replicateai",
  stripe: "stripe",
  svix: "clerk",
};

serve({
  ...installed("@hookflo/tern"),
  schemes: Object.keys(PLATFORMS),
  capabilities: ["clock"],
  async verify(request) {
    const tolerance = request.scheme === "paddle" ? 5 : 300; // the window is the application's to set
    const result = await WebhookVerificationService.verifyWithPlatformConfig(
      request.fetched(),
      PLATFORMS[request.scheme],
      request.key,
      tolerance,
    );
    if (!result.isValid) throw new Rejected(result.error);
    return true;
  },
});
