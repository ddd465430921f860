// verify-hmac-sha: encodeInHex.verify over the body as bytes.
import { installed, serve } from "./countersign_driver.mjs";
import verifyHmac from "verify-hmac-sha";

serve({
  ...installed("verify-hmac-sha"),
  schemes: ["body-hex"],
  capabilities: ["clock"],
  verify(request) {
    const signature = request.header("X-Signature");
    return verifyHmac.encodeInHex.verify({ signature, secret: request.key, payload: request.body });
  },
});
