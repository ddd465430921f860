// A clock that stands still while it is told to. Load this before any package: some keep `Date.now` from the moment
// they are loaded. Timers go on.
"use strict";

const realDate = Date;
let standing;
const now = () => standing ?? realDate.now();

globalThis.Date = new Proxy(realDate, {
  apply: () => new realDate(now()).toString(),
  construct: (target, parts, type) => Reflect.construct(target, parts.length === 0 ? [now()] : parts, type),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});

/** Stops the clock at a number of milliseconds since 1970; without one it goes on at the real time. */
function stopClock(milliseconds) {
  standing = milliseconds;
}

module.exports = { stopClock };
