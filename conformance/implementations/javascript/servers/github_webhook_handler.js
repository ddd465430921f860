// github-webhook-handler: its handler on node:http.
"use strict";

const { installed, options, secret, serve } = require("../_serve.js");
const createHandler = require("github-webhook-handler");

options([]);
const handler = createHandler({ path: "/hook", secret: secret() });
handler.on("error", () => {}); // a handler that nobody listens to throws
const listener = (req, res) =>
  handler(req, res, () => {
    if (!res.headersSent) res.writeHead(404).end("no such location");
  });
serve(listener, { ...installed("github-webhook-handler"), schemes: ["github-sha1"] });
