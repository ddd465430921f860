// verify-hmac-sha: encodeInHex.verify over the body as bytes.
import { installed, serve } from "./countersign_driver.mjs";
import verifyHmac from "verify-hmac-sha";

serve({
  ...installed("verify-hmac-sha"),
  schemes: ["body-hex"],
  capabilities: ["clock"],
  verify: (request) =>
    verifyHmac.encodeInHex.verify({ signature: request.header("X-Signature"), secret: request.key, payload: request.body }),
});
