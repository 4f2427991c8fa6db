"use strict";

const { until } = require("./until.js");

const CLIENTS = 10;

/**
 * Connects ten clients, stops the app and waits for its end and theirs.
 * @param {import("./app.js").App} app
 * @param {(pid: number) => void} stop  gets the id of the process that was started
 * @returns {Promise<{exit: {code: number, signal: string}, milliseconds: number}>}
 *   milliseconds: from the first disconnect to the last
 */
async function disconnects(app, stop) {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => app.client({ reconnection: false })));
  const times = [];
  for (const client of clients) client.on("disconnect", () => times.push(Date.now()));
  stop(app.process.pid);
  const exit = await app.exit;
  await until("every client's end", () => times.length === CLIENTS || times.length);
  return { exit, milliseconds: Math.max(...times) - Math.min(...times) };
}

module.exports = { disconnects };
