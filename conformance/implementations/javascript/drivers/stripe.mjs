// stripe: webhooks.signature.verifyHeader, which constructEvent calls before it parses the body.
import { installed, serve } from "./countersign_driver.mjs";
import Stripe from "stripe";

const { webhooks, errors } = Stripe;

serve({
  ...installed("stripe"),
  schemes: ["stripe"],
  capabilities: ["clock"],
  rejects: [errors.StripeSignatureVerificationError],
  verify: (request) =>
    webhooks.signature.verifyHeader(request.body, request.header("Stripe-Signature"), request.key, 300),
});
