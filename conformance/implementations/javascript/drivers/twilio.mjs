// twilio: validateIncomingRequest with the configured URL, on what Express and its form parser would hand on.
import { parse } from "node:querystring";
import { installed, serve } from "./countersign_driver.mjs";
import twilio from "twilio";

serve({
  ...installed("twilio"),
  schemes: ["twilio"],
  capabilities: ["clock"],
  verify(request) {
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.header("Content-Type") ?? "");
    const asked = {
      header: (name) => request.header(name),
      body: isForm ? parse(request.text) : {}, // as express.urlencoded({ extended: false })
      rawBody: request.text,
    };
    return twilio.validateIncomingRequest(asked, request.key, { url: request.endpoint.origin + request.target });
  },
});
