// hawk: server.authenticate on a Node request, then authenticatePayload where there is a payload or a hash of one.
import { Rejected, installed, serve } from "./countersign_driver.mjs";
import Hawk from "hawk";

serve({
  ...installed("hawk"),
  schemes: ["hawk"],
  capabilities: ["clock"],
  async verify(request) {
    const credentials = (id) => (id === request.endpoint.key_id ? { key: request.key, algorithm: "sha256" } : null);
    try {
      const { credentials: found, artifacts } = await Hawk.server.authenticate(request.incoming(), credentials);
      if (artifacts.hash || request.body.length > 0) {
        Hawk.server.authenticatePayload(request.body, found, artifacts, request.header("Content-Type"));
      }
      return true;
    } catch (error) {
      // Its refusals are 400 and 401; 500 means that it did not expect it.
      if (error.isBoom && error.output.statusCode < 500) throw new Rejected(error.message);
      throw error;
    }
  },
});
