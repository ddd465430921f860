// @slack/bolt: HTTPReceiver with its own server, or ExpressReceiver (argument `express`). The other argument names
// another installed version. In place of an app, whose listeners know events of Slack alone, whatever arrives is
// acknowledged.
"use strict";

const { address, announce, installed, options, secret } = require("../_serve.js");

async function main() {
  const words = options(["slack-bolt-4", "express"]);
  const folder = words.has("slack-bolt-4") ? "slack-bolt-4" : "@slack/bolt";
  const { ExpressReceiver, HTTPReceiver } = require(folder);
  const Receiver = words.has("express") ? ExpressReceiver : HTTPReceiver;
  const logger = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel() {}, setName() {} };
  const receiver = new Receiver({ signingSecret: secret(), endpoints: "/hook", logger });
  receiver.init({ processEvent: ({ ack }) => ack("ok") });
  announce(await receiver.start(address()), { ...installed(folder), schemes: ["slack"] });
}

main();
