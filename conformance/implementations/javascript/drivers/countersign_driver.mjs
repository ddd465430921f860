// The line protocol of ../../../PROTOCOL.md, so that a driver holds nothing but the call of its library.
// Import this module before the library: some libraries keep `Date.now` from the moment they are loaded.
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { stopClock } from "./countersign_clock.cjs";

/** To be thrown by a driver when its library cannot be asked this. */
export class Unsupported extends Error {}

/** To be thrown by a driver when the library's result says why it refused; where there is only a false, return that. */
export class Rejected extends Error {}

// Standard output belongs to the protocol, whatever a library prints.
const say = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

/** A request as it came, and what else a library may ask for. */
class SignedRequest {
  constructor({ scheme, key, now, endpoint, request }) {
    this.scheme = scheme;
    this.keyBytes = Buffer.from(key, "base64");
    this.now = now; // seconds since 1970
    this.endpoint = endpoint; // origin, key_id, constants
    this.method = request.method;
    this.target = request.target;
    const mark = this.target.indexOf("?");
    this.path = mark === -1 ? this.target : this.target.slice(0, mark);
    this.query = mark === -1 ? "" : this.target.slice(mark + 1);
    this.headers = request.headers.map(([name, value]) => [name, Buffer.from(value, "base64").toString("latin1")]);
    this.body = Buffer.from(request.body, "base64");
  }

  /** The secret as text. */
  get key() {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.keyBytes);
    } catch {
      throw new Unsupported("the secret is not text");
    }
  }

  /** The body as text, decoded like `body.toString()` does: what is not UTF-8 becomes U+FFFD. */
  get text() {
    return this.body.toString("utf8");
  }

  /** The body as JSON, for libraries that are given a body that somebody else has parsed. */
  json() {
    try {
      return JSON.parse(this.text);
    } catch {
      throw new Unsupported("the body is not JSON");
    }
  }

  /** The headers as an object like that of Node: names in lower case, lines of one name joined. */
  mapping() {
    const mapping = {};
    for (const [name, value] of this.headers) {
      const lower = name.toLowerCase();
      mapping[lower] = Object.hasOwn(mapping, lower) ? `${mapping[lower]}, ${value}` : value;
    }
    return mapping;
  }

  /** The value of a header; undefined when there is none. */
  header(name) {
    return this.mapping()[name.toLowerCase()];
  }

  /** For libraries that take the request of `node:http`: a stream of the body with the usual members. */
  incoming() {
    const socket = { encrypted: this.endpoint.origin.startsWith("https:") };
    return Object.assign(Readable.from([this.body], { objectMode: false }), {
      method: this.method,
      url: this.target,
      headers: this.mapping(),
      rawHeaders: this.headers.flat(),
      complete: true,
      connection: socket,
      socket,
    });
  }

  /** For libraries that take the `Request` of the Fetch API. */
  fetched() {
    try {
      return new Request(this.endpoint.origin + this.target, {
        method: this.method,
        headers: this.headers,
        body: this.body.length === 0 ? undefined : this.body,
      });
    } catch (error) {
      throw new Unsupported(`the Fetch API has no such request: ${error.message}`);
    }
  }
}

/** What `make` builds from the secret. A library that wants no such secret would let no request through. */
export function keyed(make) {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    throw new Rejected(`the secret is refused: ${text(error)}`);
  }
}

/** Name and version of a package, from the folder under `node_modules` that it is installed in. */
export function installed(folder) {
  const file = new URL(`../node_modules/${folder}/package.json`, import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file, "utf8"));
  return { name, version };
}

/**
 * Answers until standard input ends. `version` is left out where there is no package. `verify(request)`, which may be async, returns true or false or throws. What it
 * throws is a refusal if it is one of `rejects`, which holds the classes of exception that the package's documentation
 * names and patterns of text for packages without a class of their own; `Error` itself does not include derived classes.
 *
 * A rejection or an exception that nobody waits for ends the process, as it would end a server.
 */
export async function serve({ name, version, schemes, rejects = [], capabilities = [], verify }) {
  const refuses = (error) =>
    error instanceof Rejected ||
    rejects.some((kind) => {
      if (kind instanceof RegExp) return error instanceof Error && kind.test(error.message);
      return kind === Error ? error?.constructor === Error : error instanceof kind;
    });

  async function judge(asked) {
    const { seq, scheme } = asked;
    if (!schemes.includes(scheme)) return { unsupported: { seq, why: `not a scheme of this driver: ${scheme}` } };
    let genuine;
    try {
      if (capabilities.includes("clock")) stopClock(asked.now * 1000); // it goes on in between
      genuine = await verify(new SignedRequest(asked));
      await new Promise(setImmediate); // Node looks for rejections that nobody waits for: before the answer, not after
    } catch (error) {
      if (error instanceof Unsupported) return { unsupported: { seq, why: error.message } };
      if (refuses(error)) return { rejected: { seq, detail: text(error) } };
      return { error: { seq, type: error?.constructor?.name ?? typeof error, detail: text(error) } };
    } finally {
      stopClock();
    }
    if (typeof genuine !== "boolean") throw new TypeError(`verify returned ${typeof genuine}, not true or false`);
    return genuine ? { accepted: { seq } } : { rejected: { seq } };
  }

  async function measured(asked) {
    const { seq, scheme } = asked;
    if (!schemes.includes(scheme)) return { unsupported: { seq, why: `not a scheme of this driver: ${scheme}` } };
    const nanos = [];
    try {
      if (capabilities.includes("clock")) stopClock(asked.now * 1000);
      const requests = asked.requests.map((request) => new SignedRequest({ ...asked, request }));
      for (const place of asked.order) {
        const request = requests[place];
        const start = process.hrtime.bigint();
        try {
          const genuine = verify(request);
          if (genuine instanceof Promise) await genuine;
        } catch (error) {
          if (!refuses(error)) throw error;
        }
        nanos.push(Number(process.hrtime.bigint() - start));
      }
    } catch (error) {
      if (error instanceof Unsupported) return { unsupported: { seq, why: error.message } };
      return { error: { seq, type: error?.constructor?.name ?? typeof error, detail: text(error) } };
    } finally {
      stopClock();
    }
    return { measured: { seq, nanos } };
  }

  async function answer(line) {
    const [kind, asked] = Object.entries(JSON.parse(line))[0];
    if (kind === "hello") {
      return { hello: { name, version, language: "javascript", schemes, capabilities: [...capabilities, "timing"] } };
    }
    if (kind === "verify") return judge(asked);
    if (kind === "measure") return measured(asked);
    return { unsupported: { seq: asked.seq, why: `unknown kind of line: ${kind}` } };
  }

  let rest = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const said = JSON.stringify(await answer(line));
      await new Promise((done) => say(`${said}\n`, done));
    }
  }
  process.exit(0); // some libraries keep a timer or a socket
}

/** What is told of an exception. */
function text(error) {
  const message = String(error?.message ?? error);
  return (error?.code ? `${error.code}: ${message}` : message).slice(0, 1000).toWellFormed();
}
