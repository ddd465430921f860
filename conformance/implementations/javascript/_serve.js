// Runs one node:http server under the contract in ../README.md.
"use strict";

const http = require("node:http");

/** The secret as text, from the environment only. */
function secret() {
  const value = process.env.HOOK_SECRET ?? "";
  if (value === "") {
    console.error("HOOK_SECRET is not set");
    process.exit(1);
  }
  return value;
}

/** The command line as a set of words; anything that is not known ends the program. */
function options(known) {
  const words = process.argv.slice(2);
  if (words.some((word) => !known.includes(word)) || (words.includes("--flawed") && words.includes("--repaired"))) {
    console.error(`usage: node ${process.argv[1]} ${known.map((word) => `[${word}]`).join(" ")}`);
    process.exit(2);
  }
  return new Set(words);
}

/** Serves until SIGTERM or the end of stdin. */
function serve(listener) {
  const server = http.createServer(listener);
  server.keepAliveTimeout = 65_000;
  server.listen(Number(process.env.PORT || 0), "127.0.0.1", () => {
    console.log(`listening 127.0.0.1:${server.address().port}`);
  });
  process.on("SIGTERM", () => process.exit(0));
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}

module.exports = { options, secret, serve };
