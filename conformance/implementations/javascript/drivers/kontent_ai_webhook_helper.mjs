// @kontent-ai/webhook-helper: signatureHelper, which takes the body as text. Scheme `kontent-ai` is in
// kontent_ai.scheme.yaml.
import { installed, serve } from "./countersign_driver.mjs";
import { signatureHelper } from "@kontent-ai/webhook-helper";

serve({
  ...installed("@kontent-ai/webhook-helper"),
  schemes: ["kontent-ai"],
  capabilities: ["clock"],
  verify: (request) =>
    signatureHelper.isValidSignatureFromString(request.text, request.key, request.header("X-Kontent-ai-Signature")),
});
