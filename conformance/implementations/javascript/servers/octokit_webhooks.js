// @octokit/webhooks: createNodeMiddleware on node:http. The argument `octokit-webhooks-12` takes an older version. Where
// the middleware throws, nobody waits for it, as in the package's own example, and the process ends.
"use strict";

const { choice, installed, secret, serve } = require("../_serve.js");

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function main() {
  const folder = choice(["@octokit/webhooks", "octokit-webhooks-12"]);
  const { Webhooks, createNodeMiddleware } = await import(folder);
  const webhooks = new Webhooks({ secret: secret(), log: silent });
  const middleware = createNodeMiddleware(webhooks, { path: "/hook", log: silent });
  async function listener(req, res) {
    if (await middleware(req, res)) return;
    res.writeHead(404).end();
  }
  serve(listener, { ...installed(folder), schemes: ["github"] });
}

main();
