"use strict";

const { ADDRESSES } = require("./listed.js");
const { until } = require("./until.js");
const { connect } = require("../../../../clients/discovery/index.cjs");
const { io } = require("socket.io-client");

/** Clients that find their servers by the list. */
class Directed {
  /** @param {import("./listed.js").Listed} servers */
  constructor(servers) {
    this.servers = servers;
    this.sockets = [];
    this.ends = [];
  }

  /** @param {object} [options]  the client's, and `from`: the server whose list it is, `io`: of another version */
  async join(count, { from, io: client = io, ...options } = {}) {
    const base = this.servers.base(from);
    const ends = Array.from({ length: count }, () => new AbortController());
    this.ends.push(...ends);
    const sockets = await Promise.all(ends.map(({ signal }) => connect(client, base, { signal, ...options })));
    this.sockets.push(...sockets);
    await until("connections", () => sockets.every(({ connected }) => connected));
    return sockets;
  }

  /** @returns {Object<string, number>} connected clients by address */
  spread(sockets = this.sockets) {
    const counts = Object.fromEntries(ADDRESSES.map((address) => [address, 0]));
    for (const { connected, io: manager } of sockets) if (connected) counts[new URL(manager.uri).hostname] += 1;
    return counts;
  }

  /** Waits until all are connected, none of them at these servers. @returns {Promise<number>} milliseconds */
  async settled(...left) {
    const began = Date.now();
    await until("all clients at other servers", () => {
      const spread = this.spread();
      const all = Object.values(spread).reduce((sum, count) => sum + count) === this.sockets.length;
      return (all && left.every((address) => spread[address] === 0)) || spread;
    });
    return Date.now() - began;
  }

  /** @returns {Promise<number>} connections that a server counts itself */
  async counted(address) {
    return JSON.parse((await this.servers.ask(address, "/status")).text).connections;
  }

  stop() {
    for (const end of this.ends) end.abort();
  }
}

module.exports = { Directed };
