// @octokit/webhooks-methods: verify. Its documentation wants the body as text and names an error for missing arguments.
import { installed, serve } from "./countersign_driver.mjs";
import { verify } from "@octokit/webhooks-methods";

serve({
  ...installed("@octokit/webhooks-methods"),
  schemes: ["github"],
  capabilities: ["clock"],
  rejects: [/^\[@octokit\/webhooks-methods\]/],
  verify: (request) => verify(request.key, request.text, request.header("X-Hub-Signature-256")),
});
