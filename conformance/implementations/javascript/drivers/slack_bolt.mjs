// @slack/bolt: HTTPModuleFunctions.parseAndVerifyHTTPRequest, the check of HTTPReceiver. The argument names another
// installed version.
import { Rejected, installed, serve } from "./countersign_driver.mjs";

const folder = process.argv[2] ?? "@slack/bolt";
const { default: bolt } = await import(folder);

serve({
  ...installed(folder),
  schemes: ["slack"],
  capabilities: ["clock"],
  rejects: [/^Failed to verify authenticity/],
  async verify(request) {
    const options = { signingSecret: request.key };
    const { rawBody } = await bolt.HTTPModuleFunctions.parseAndVerifyHTTPRequest(options, request.incoming());
    // A body that it has put another in the place of does not reach the application.
    if (!rawBody.equals(request.body)) throw new Rejected("the body was replaced");
    return true;
  },
});
