"use strict";

const net = require("net");

const IPV6_ONLY = 1;
const OPEN_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Lets the TCP servers of a worker listen through the primary, which holds the ports. Node.js opens a server's port in
 * `Server._listen2`, the place it keeps for replacing; what follows there is done by Node.js with a handle of ours, as its
 * cluster module does it. Unix sockets and inherited descriptors are left to the process.
 */
class Listening {
  /**
   * @param {import("./channel.js").Channel} channel  to the primary
   * @param {() => void} onConnection  called for each connection that the primary gives
   */
  constructor(channel, onConnection) {
    this.channel = channel;
    this.onConnection = onConnection;
    /** @type {Map<string, Handle>} */
    this.handles = new Map();
    this.places = new Map();
  }

  install() {
    const listening = this;
    const listen = net.Server.prototype._listen2;
    net.Server.prototype._listen2 = function (address, port, addressType, backlog, fd, flags) {
      const shared = (addressType === 4 || addressType === 6) && port >= 0 && !(fd >= 0) && !this._handle;
      if (!shared) return listen.apply(this, arguments);
      const place = { address: address || undefined, port, backlog, ipv6Only: Boolean(flags & IPV6_ONLY) };
      // outside the promise: what a listener of the app throws is the app's own
      const then = (step) => (value) => process.nextTick(step, value);
      listening.#join(place).then(then((handle) => {
        this._handle = handle;
        listen.apply(this, arguments);
      }), then((error) => this.emit("error", asListenError(error, place))));
      return undefined;
    };
    this.channel.on("connection", ({ key }, handle) => {
      this.onConnection();
      const server = this.handles.get(key);
      if (server && handle) server.onconnection(0, handle);
      else if (handle) handle.close();
    });
  }

  async #join(place) {
    const name = `${place.address} ${place.port}`;
    const taken = this.places.get(name) || new Set();
    this.places.set(name, taken);
    let index = 0;
    while (taken.has(index)) index += 1;
    taken.add(index);
    try {
      const { key, address } = await this.channel.ask("listen", { ...place, index }, OPEN_MS);
      const handle = new Handle(address, () => {
        taken.delete(index);
        this.handles.delete(key);
        this.channel.send("leave", { key });
      });
      this.handles.set(key, handle);
      return handle;
    } catch (error) {
      taken.delete(index);
      throw error;
    }
  }
}

/** What `net.Server` expects of a handle that listens. It keeps the process alive as a listening port would. */
class Handle {
  constructor(address, onClose) {
    this.address = address;
    this.onClose = onClose;
    this.ref();
  }

  listen() {
    return 0;
  }

  getsockname(out) {
    Object.assign(out, this.address);
    return 0;
  }

  ref() {
    this.timer = this.timer || setInterval(() => {}, LONGEST_TIMER_MS);
  }

  unref() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  hasRef() {
    return this.timer !== undefined;
  }

  close(done) {
    this.unref();
    this.onClose();
    if (done) setImmediate(() => done.call(this));
  }
}

function asListenError({ code, message }, { address, port }) {
  return Object.assign(new Error(message), { code, syscall: "listen", address, port });
}

module.exports = { Listening };
