// Runs one server under the contract in ../README.md. Load this before any package: HOOK_TIME stops the clock.
"use strict";

if (process.env.HOOK_TIME) stand(process.env.HOOK_TIME);

const { readFileSync } = require("node:fs");
const http = require("node:http");
const path = require("node:path");

function refuse(why, status = 1) {
  console.error(why);
  process.exit(status);
}

function stand(seconds) {
  if (!/^\d{1,12}$/.test(seconds)) refuse("HOOK_TIME is not in whole seconds");
  require("./drivers/countersign_clock.cjs").stopClock(Number(seconds) * 1000);
}

/** The secret as text, from the environment only. */
function secret() {
  const value = process.env.HOOK_SECRET;
  if (value === undefined) refuse("HOOK_SECRET is not set");
  return value;
}

/** The one of its schemes that a server is to verify: that of HOOK_SCHEME, or else the first. */
function scheme(schemes) {
  const name = process.env.HOOK_SCHEME || schemes[0];
  if (!schemes.includes(name)) refuse(`HOOK_SCHEME is none of ${schemes.join(", ")}`);
  return name;
}

/** The command line as a set of words; anything that is not known ends the program. */
function options(known) {
  const words = process.argv.slice(2);
  if (words.some((word) => !known.includes(word)) || (words.includes("--flawed") && words.includes("--repaired"))) {
    refuse(`usage: node ${process.argv[1]} ${known.map((word) => `[${word}]`).join(" ")}`, 2);
  }
  return new Set(words);
}

/** The one word of the command line out of `known`; the first of them if there is none. */
function choice(known) {
  const words = [...options(known)];
  return words[0] ?? known[0];
}

/** Name and version of a package, from the folder under `node_modules` that it is installed in. */
function installed(folder) {
  const file = path.join(__dirname, "node_modules", folder, "package.json");
  const { name, version } = JSON.parse(readFileSync(file, "utf8"));
  return { name, version };
}

/** Where to listen, in the words of `server.listen`. */
function address() {
  return { port: Number(process.env.PORT || 0), host: "127.0.0.1" };
}

/** Says where a server listens, and who it is; then lives until SIGTERM or the end of stdin. */
function announce(server, about) {
  const { port } = server.address();
  const who = about && { ...about, language: "javascript", path: "/hook", clock: true };
  process.stdout.write(`listening 127.0.0.1:${port}${who ? ` ${JSON.stringify(who)}` : ""}\n`);
  process.on("SIGTERM", () => process.exit(0));
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}

/** Serves with `node:http`. `about` is what the line of the start tells; without it there is only the address. */
function serve(listener, about) {
  const server = http.createServer(listener);
  server.keepAliveTimeout = 65_000;
  server.listen(address(), () => announce(server, about));
}

// Whose requests these are, in schemes that name the key.
const KEY_ID = "primary";

module.exports = { KEY_ID, address, announce, choice, installed, options, scheme, secret, serve };
