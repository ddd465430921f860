// x-hub-signature: XHubSignature.verify, which takes the body as bytes.
import { installed, keyed, serve } from "./countersign_driver.mjs";
import XHubSignature from "x-hub-signature";

// Header and hash of each scheme.
const SCHEMES = {
  github: ["X-Hub-Signature-256", "sha256"],
  "github-sha1": ["X-Hub-Signature", "sha1"],
  intercom: ["X-Hub-Signature", "sha1"],
  meta: ["X-Hub-Signature-256", "sha256"],
};

serve({
  ...installed("x-hub-signature"),
  schemes: Object.keys(SCHEMES),
  capabilities: ["clock"],
  verify(request) {
    const [header, hash] = SCHEMES[request.scheme];
    return keyed(() => new XHubSignature(hash, request.key)).verify(request.header(header), request.body);
  },
});
