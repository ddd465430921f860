// Example: GitHub's header, verified with Node itself.
import { serve } from "./countersign_driver.mjs";
import { createHmac, timingSafeEqual } from "node:crypto";

serve({
  name: "example",
  schemes: ["github"],
  capabilities: ["clock"],
  verify(request) {
    const given = Buffer.from(request.header("X-Hub-Signature-256") ?? "", "latin1");
    const tag = createHmac("sha256", request.keyBytes).update(request.body).digest("hex");
    const wanted = Buffer.from(`sha256=${tag}`, "latin1");
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  },
});
