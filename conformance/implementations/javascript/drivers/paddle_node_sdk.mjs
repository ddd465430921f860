// @paddle/paddle-node-sdk: webhooks.isSignatureValid, which unmarshal calls before it parses the body.
import { installed, serve } from "./countersign_driver.mjs";
import { Paddle } from "@paddle/paddle-node-sdk";

const { webhooks } = new Paddle("unused");

serve({
  ...installed("@paddle/paddle-node-sdk"),
  schemes: ["paddle"],
  capabilities: ["clock"],
  rejects: [/^\[Paddle\] /], // its documentation catches what unmarshal throws
  // Text of the body, and empty text for a missing header: both as in the example of its documentation.
  verify: (request) => webhooks.isSignatureValid(request.text, request.key, request.header("Paddle-Signature") ?? ""),
});
