// razorpay: Razorpay.validateWebhookSignature, which makes text of the body itself.
import { installed, serve } from "./countersign_driver.mjs";
import Razorpay from "razorpay";

serve({
  ...installed("razorpay"),
  schemes: ["razorpay"],
  capabilities: ["clock"],
  verify: (request) =>
    Razorpay.validateWebhookSignature(request.body, request.header("X-Razorpay-Signature"), request.key),
});
