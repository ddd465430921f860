// @autotelic/fastify-hmac on Fastify: its defaults (fastify_hmac.scheme.yaml), or what its example for Shopify sets.
"use strict";

const { KEY_ID, address, announce, installed, options, scheme, secret } = require("../_serve.js");
const fastify = require("fastify");
const hmac = require("@autotelic/fastify-hmac");
const { constructShopifySignature, extractShopifySignature } = require("@autotelic/fastify-hmac/lib/shopifyHMAC");

const SCHEMES = {
  "fastify-hmac": { algorithmMap: { "hmac-sha256": { [KEY_ID]: "sha256" } } },
  "shopify-oauth": {
    extractSignature: extractShopifySignature,
    constructSignatureString: constructShopifySignature,
    getAlgorithm: () => "sha256",
    getSignatureEncoding: () => "hex",
  },
};

async function main() {
  options([]);
  const schemes = Object.keys(SCHEMES);
  const app = fastify();
  app.register(hmac, { sharedSecret: secret(), ...SCHEMES[scheme(schemes)] });
  app.all("/hook", async () => "ok");
  await app.listen(address());
  announce(app.server, { ...installed("@autotelic/fastify-hmac"), schemes });
}

main();
