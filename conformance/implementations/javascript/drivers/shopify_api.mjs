// @shopify/shopify-api: utils.validateHmac on the parsed query, flow.validate on the body as text. The argument names
// another installed version. webhooks.validate is the same check and then wants more headers than the scheme has.
import { parse } from "node:querystring";
import { Rejected, installed, keyed, serve } from "./countersign_driver.mjs";

const folder = process.argv[2] ?? "shopify-api-15";
await import(`${folder}/adapters/node`);
const { InvalidHmacError, shopifyApi } = await import(folder);

const api = (secret) =>
  shopifyApi({
    apiKey: "unused",
    apiSecretKey: secret,
    apiVersion: "2026-07",
    hostName: "countersign.test",
    isEmbeddedApp: false,
    logger: { level: 0, log() {} },
  });

serve({
  ...installed(folder),
  schemes: ["shopify", "shopify-app-proxy", "shopify-oauth"],
  capabilities: ["clock"],
  rejects: [InvalidHmacError],
  async verify(request) {
    const { flow, utils } = keyed(() => api(request.key));
    if (request.scheme === "shopify") {
      const result = await flow.validate({ rawBody: request.text, rawRequest: request.incoming() });
      if (!result.valid) throw new Rejected(result.reason);
      return true;
    }
    const signator = request.scheme === "shopify-oauth" ? "admin" : "appProxy";
    return utils.validateHmac({ ...parse(request.query) }, { signator }); // as `req.query` of Express 5
  },
});
