// @line/bot-sdk: validateSignature, which takes the body as bytes.
import { installed, serve } from "./countersign_driver.mjs";
import { validateSignature } from "@line/bot-sdk";

serve({
  ...installed("@line/bot-sdk"),
  schemes: ["line"],
  capabilities: ["clock"],
  verify: (request) => validateSignature(request.body, request.key, request.header("X-Line-Signature")),
});
