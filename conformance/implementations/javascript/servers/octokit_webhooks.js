// @octokit/webhooks: createNodeMiddleware on node:http. The argument `octokit-webhooks-12` takes an older version;
// `--catch` answers 500 where the middleware throws, which ends the process otherwise.
"use strict";

const { installed, options, secret, serve } = require("../_serve.js");

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function main() {
  const words = options(["octokit-webhooks-12", "--catch"]);
  const folder = words.has("octokit-webhooks-12") ? "octokit-webhooks-12" : "@octokit/webhooks";
  const { Webhooks, createNodeMiddleware } = await import(folder);
  const webhooks = new Webhooks({ secret: secret(), log: silent });
  const middleware = createNodeMiddleware(webhooks, { path: "/hook", log: silent });
  async function listener(req, res) {
    if (await middleware(req, res)) return;
    res.writeHead(404).end();
  }
  const guarded = (req, res) => listener(req, res).catch(() => res.writeHead(500).end());
  serve(words.has("--catch") ? guarded : listener, { ...installed(folder), schemes: ["github"] });
}

main();
