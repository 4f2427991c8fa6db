"use strict";

const net = require("net");

// below the ports that Linux gives to outgoing connections and to `listen(0)`
const LOWEST = 10_000;
const HIGHEST = 32_767;

/**
 * @returns {Promise<number>} a port of 127.0.0.1 that is free, and that no other test process gets while this one lives:
 *   the same port of 127.0.0.2 is held as a mark
 */
async function freePort() {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    const mark = await listen(port, "127.0.0.2");
    const probe = mark && (await listen(port, "127.0.0.1"));
    if (probe) {
      await new Promise((resolve) => probe.close(resolve));
      mark.unref();
      return port;
    }
    if (mark) mark.close();
  }
}

/** @returns {Promise<net.Server | undefined>} undefined if the place is taken */
function listen(port, host) {
  return new Promise((resolve) => {
    const server = net.createServer().once("error", () => resolve(undefined));
    server.listen(port, host, () => resolve(server));
  });
}

module.exports = { freePort };
