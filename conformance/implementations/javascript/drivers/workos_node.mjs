// @workos-inc/node: webhooks.verifyHeader, which takes a parsed body. Scheme `workos` is in workos.scheme.yaml.
import { installed, serve } from "./countersign_driver.mjs";
import { SignatureVerificationException, WorkOS } from "@workos-inc/node";

const { webhooks } = new WorkOS("unused");

serve({
  ...installed("@workos-inc/node"),
  schemes: ["workos"],
  capabilities: ["clock"],
  rejects: [SignatureVerificationException],
  verify(request) {
    const sigHeader = request.header("WorkOS-Signature");
    return webhooks.verifyHeader({ payload: request.json(), sigHeader, secret: request.key });
  },
});
