// `@octokit/webhooks`: its own middleware on node:http, at path /hook. Scheme `github`.
"use strict";

const { options, secret, serve } = require("./_serve.js");

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function main() {
  options([]);
  const { Webhooks, createNodeMiddleware } = await import("@octokit/webhooks");
  const webhooks = new Webhooks({ secret: secret(), log: silent });
  const middleware = createNodeMiddleware(webhooks, { path: "/hook", log: silent });
  serve(async (req, res) => {
    if (await middleware(req, res)) return;
    res.writeHead(404).end();
  });
}

main();
