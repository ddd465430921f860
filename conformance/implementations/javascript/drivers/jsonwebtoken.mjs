// jsonwebtoken: verify with a secret and without further options but the clock. The argument names another installed
// version.
import { installed, serve } from "./countersign_driver.mjs";

const folder = process.argv[2] ?? "jsonwebtoken";
const { default: jwt } = await import(folder);

serve({
  ...installed(folder),
  schemes: ["jwt-hs256"],
  capabilities: ["clock"],
  rejects: [jwt.JsonWebTokenError],
  verify(request) {
    const [, token] = /^Bearer +(.*)$/i.exec(request.header("Authorization") ?? "") ?? [];
    jwt.verify(token, request.key, { clockTimestamp: request.now });
    return true;
  },
});
