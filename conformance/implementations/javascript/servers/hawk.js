// hawk: server.authenticate behind Express, with the payload and with a memory of nonces.
"use strict";

const { KEY_ID, installed, options, secret, serve } = require("../_serve.js");
const express = require("express");
const Hawk = require("hawk");

options([]);
const key = secret();
const find = (id) => (id === KEY_ID ? { key, algorithm: "sha256" } : null);
const seen = new Set();

function nonceFunc(of, nonce) {
  const once = of + nonce;
  if (seen.has(once)) throw new Error("seen before");
  seen.add(once);
}

async function check(req) {
  const payload = req.body.length > 0 ? req.body : undefined; // for any other value a hash is demanded
  const { credentials, artifacts } = await Hawk.server.authenticate(req, find, { nonceFunc, payload });
  if (artifacts.hash && !payload) Hawk.server.authenticatePayload("", credentials, artifacts, req.get("Content-Type"));
}

const app = express();
app.use(express.raw({ type: () => true, limit: "25mb" }));
app.all("/hook", (req, res, next) => {
  check(req).then(() => res.type("text/plain").send("ok"), next);
});
app.use((error, req, res, next) => {
  if (error.isBoom) res.status(error.output.statusCode).set(error.output.headers).json(error.output.payload);
  else next(error);
});
app.set("env", "test"); // Express prints nothing; its error page stays the one of development
serve(app, { ...installed("hawk"), schemes: ["hawk"] });
