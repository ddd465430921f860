// Pattern (a), Express: two hex-decoded buffers in a constant-time compare. Scheme `body-hex`.
"use strict";

const { createHmac, timingSafeEqual } = require("node:crypto");
const express = require("express");
const { options, secret, serve } = require("./_serve.js");

const BODY_LIMIT = 25 * 1024 * 1024;
const TAG = /^[0-9a-f]{64}$/;

function flawed(key, handlerIsAsync) {
  const app = express();
  app.set("env", "test"); // Express prints nothing; its error page stays the one of development
  app.use(express.raw({ type: "*/*" }));

  function hook(req, res) { // as commonly written
    const expected = createHmac("sha256", key).update(req.body).digest("hex");
    if (!timingSafeEqual(Buffer.from(expected, "hex"), Buffer.from(req.headers["x-signature"], "hex"))) {
      return res.status(401).send("invalid signature");
    }
    return res.send("ok");
  }
  const handler = handlerIsAsync ? async (req, res) => hook(req, res) : hook;
  app.route("*").get(handler).post(handler).put(handler).patch(handler).delete(handler);
  return app;
}

function repaired(key) {
  const app = express();
  app.disable("x-powered-by");
  app.use((req, res) => {
    const mac = createHmac("sha256", key);
    let size = 0;
    req.on("data", (chunk) => {
      size += chunk.length;
      if (size <= BODY_LIMIT) mac.update(chunk);
      else refuse(req, res);
    });
    req.on("end", () => {
      if (res.headersSent) return;
      if (verifies(req, mac.digest("hex"))) res.type("text/plain").send("ok");
      else refuse(req, res);
    });
    req.on("error", () => {}); // the client went away: nobody to answer
  });
  return app;
}

function verifies(req, expected) {
  const names = req.rawHeaders.filter((_, index) => index % 2 === 0);
  const once = names.filter((name) => name.toLowerCase() === "x-signature").length === 1;
  const given = req.headers["x-signature"];
  return once && TAG.test(given) && timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

function refuse(req, res) {
  if (res.headersSent) return;
  if (!req.complete) { // the body is over the limit: answer, then stop listening
    res.set("Connection", "close");
    res.on("finish", () => setTimeout(() => req.destroy(), 1000));
  }
  res.status(401).type("text/plain").send("unauthorized");
}

const words = options(["--flawed", "--repaired", "--async"]);
const key = secret();
serve(words.has("--repaired") ? repaired(key) : flawed(key, words.has("--async")));
