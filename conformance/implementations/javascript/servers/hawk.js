// hawk: server.authenticate on node:http, with the payload and with a memory of nonces.
"use strict";

const { KEY_ID, installed, options, secret, serve } = require("../_serve.js");
const { buffer } = require("node:stream/consumers");
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
  const body = await buffer(req);
  const payload = body.length > 0 ? body : undefined; // for any other value a hash is demanded
  const { credentials, artifacts } = await Hawk.server.authenticate(req, find, { nonceFunc, payload });
  const type = req.headers["content-type"];
  if (artifacts.hash && !payload) Hawk.server.authenticatePayload("", credentials, artifacts, type);
}

async function listener(req, res) {
  try {
    await check(req);
    res.end("ok");
  } catch (error) {
    const { statusCode, headers, payload } = error.isBoom ? error.output : { statusCode: 500, payload: {} };
    res.writeHead(statusCode, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(payload));
  }
}

serve(listener, { ...installed("hawk"), schemes: ["hawk"] });
