"use strict";

const net = require("net");
const { log } = require("../log.js");
const { METHODS } = require("./balancing.js");

/**
 * The ports that workers listen on. They are open here; each connection is given, unread, to one of the workers that
 * listen, as Node's own round robin of the cluster module does it, but by the balancing method asked for.
 */
class Acceptor {
  /** @param {string} method  one of METHODS */
  constructor(method) {
    this.method = method;
    /** @type {Map<string, Port>} */
    this.ports = new Map();
  }

  /**
   * @param {import("./slot.js").Slot} slot
   * @param {{address?: string, port: number, index: number, backlog?: number, ipv6Only: boolean}} place
   *   index: 0 for the worker's first server on that address and port
   * @returns {Promise<{key: string, address: object}>} when the port is open; rejects with the system's error
   */
  async join(slot, place) {
    const key = [place.address, place.port, place.index].join(" ");
    const port = this.ports.get(key) || new Port(key, METHODS[this.method]());
    this.ports.set(key, port);
    try {
      await port.open(place);
    } catch (error) {
      if (this.ports.get(key) === port) this.ports.delete(key);
      throw error;
    }
    port.members.add(slot);
    return { key, address: port.address };
  }

  leave(slot, key) {
    const port = this.ports.get(key);
    if (!port || !port.members.delete(slot) || port.members.size > 0) return;
    port.close();
    this.ports.delete(key);
  }

  /** A worker has gone. Its ports stay open for the worker that replaces it. */
  gone(slot) {
    for (const { members } of this.ports.values()) members.delete(slot);
  }
}

class Port {
  constructor(key, pick) {
    this.key = key;
    this.pick = pick;
    /** @type {Set<import("./slot.js").Slot>} */
    this.members = new Set();
  }

  open({ address, port, backlog, ipv6Only }) {
    if (this.opened) return this.opened;
    this.server = net.createServer();
    this.opened = new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen({ host: address, port, backlog, ipv6Only }, () => {
        this.address = this.server.address();
        // raw handles: no stream of this process reads from a connection before it is passed on
        this.server._handle.onconnection = (error, handle) => (error ? log(`accepting a connection failed: ${error}`) : this.#give(handle));
        resolve();
      });
    });
    return this.opened;
  }

  #give(handle) {
    if (this.members.size === 0) return handle.close();
    const slot = this.pick([...this.members]);
    slot.load += 1;
    return slot.channel.send("connection", { key: this.key }, {
      handle,
      sent: (error) => {
        if (!error) return handle.close();
        this.members.delete(slot);
        return this.#give(handle);
      },
    });
  }

  close() {
    this.server.close();
  }
}

module.exports = { Acceptor };
