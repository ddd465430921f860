// @shopify/shopify-api: webhooks.process behind Express, with a handler for one topic. It wants a header that is not in
// scheme shopify, so that the scheme is shopify_api.scheme.yaml. The argument names another installed version.
"use strict";

const { choice, installed, secret, serve } = require("../_serve.js");
const express = require("express");

const folder = choice(["shopify-api-15", "shopify-api-14", "shopify-api-13"]);
require(`${folder}/adapters/node`);
const { DeliveryMethod, shopifyApi } = require(folder);

const shopify = shopifyApi({
  apiKey: "unused",
  apiSecretKey: secret(),
  apiVersion: "2026-07",
  hostName: "countersign.test",
  isEmbeddedApp: false,
  logger: { level: 0, log() {} },
});
shopify.webhooks.addHandlers({
  ORDERS_CREATE: [{ deliveryMethod: DeliveryMethod.Http, callbackUrl: "/hook", callback: async () => {} }],
});

const app = express();
app.set("env", "test"); // Express prints nothing; its error page stays the one of development
app.post("/hook", express.text({ type: "*/*" }), async (req, res) => {
  try {
    await shopify.webhooks.process({ rawBody: req.body, rawRequest: req, rawResponse: res });
  } catch {
    // The answer is given.
  }
});
serve(app, { ...installed(folder), schemes: ["shopify-api"] });
