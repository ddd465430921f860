// @mux/mux-node: webhooks.verifySignature, which takes the body as text. Scheme `mux` is in mux.scheme.yaml.
import { installed, serve } from "./countersign_driver.mjs";
import Mux from "@mux/mux-node";

const { webhooks } = new Mux({ tokenId: "unused", tokenSecret: "unused" });

serve({
  ...installed("@mux/mux-node"),
  schemes: ["mux"],
  capabilities: ["clock"],
  rejects: [Error], // it documents an error and has no class for it
  async verify(request) {
    await webhooks.verifySignature(request.text, request.mapping(), request.key);
    return true;
  },
});
