// verify-github-webhook: its only function, which takes the payload as text.
import { installed, serve } from "./countersign_driver.mjs";
import verifyGithubWebhook from "verify-github-webhook";

serve({
  ...installed("verify-github-webhook"),
  schemes: ["github-sha1"],
  capabilities: ["clock"],
  verify: (request) => verifyGithubWebhook.default(request.header("X-Hub-Signature"), request.text, request.key),
});
