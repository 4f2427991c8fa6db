"use strict";

const { setTimeout: delay } = require("timers/promises");

/**
 * Waits for a condition.
 * @param {string} what  named when the time is over
 * @param {() => unknown} condition  may be async; true ends the wait, anything else is what was seen last
 */
async function until(what, condition, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  let seen;
  for (;;) {
    seen = await Promise.resolve().then(condition).catch((error) => error);
    if (seen === true) return;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}, last seen: ${seen instanceof Error ? seen : JSON.stringify(seen)}`);
    await delay(25);
  }
}

module.exports = { until };
