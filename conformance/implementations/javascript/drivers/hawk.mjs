// hawk: server.authenticate on a Node request, with the payload where there is one. It has no memory of its own.
import { Rejected, installed, serve } from "./countersign_driver.mjs";
import Hawk from "hawk";

serve({
  ...installed("hawk"),
  schemes: ["hawk"],
  capabilities: ["clock"],
  async verify(request) {
    const credentials = (id) => (id === request.endpoint.key_id ? { key: request.key, algorithm: "sha256" } : null);
    const payload = request.body.length === 0 ? undefined : request.body;
    try {
      await Hawk.server.authenticate(request.incoming(), credentials, { payload });
      return true;
    } catch (error) {
      // Its refusals are 400 and 401; 500 stands for what it did not expect.
      if (error.isBoom && error.output.statusCode < 500) throw new Rejected(error.message);
      throw error;
    }
  },
});
