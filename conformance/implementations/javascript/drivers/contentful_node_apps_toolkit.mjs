// @contentful/node-apps-toolkit: verifyRequest on the canonical request, with the body as text.
import { Rejected, Unsupported, installed, serve } from "./countersign_driver.mjs";
import { ExpiredRequestException, verifyRequest } from "@contentful/node-apps-toolkit";

serve({
  ...installed("@contentful/node-apps-toolkit"),
  schemes: ["contentful"],
  capabilities: ["clock"],
  rejects: [ExpiredRequestException],
  verify(request) {
    if (request.key.length !== 64) throw new Unsupported("the secret must have 64 characters");
    const { method, target, text } = request;
    try {
      return verifyRequest(request.key, { method, path: target, headers: request.mapping(), body: text });
    } catch (error) {
      if (error.name === "ValidationError") throw new Rejected(error.message); // of its own validators
      throw error;
    }
  },
});
