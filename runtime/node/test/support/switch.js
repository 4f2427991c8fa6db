"use strict";

const net = require("net");

/**
 * A TCP proxy on a loopback port whose target can be changed: new connections go to the new one. It can also be away for
 * a time.
 */
class Switch {
  static async open(target) {
    const proxy = new Switch();
    proxy.target = target;
    proxy.sockets = new Set();
    proxy.server = net.createServer((near) => proxy.#join(near));
    proxy.port = 0;
    await proxy.listen();
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    return proxy;
  }

  /** Accepts connections, again after close() on the same port. */
  async listen() {
    await new Promise((resolve) => this.server.listen(this.port, "127.0.0.1", resolve));
    this.port = this.server.address().port;
  }

  #join(near) {
    const far = net.connect(this.target, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]]) {
      this.sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** Ends all connections and takes none. */
  close() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

module.exports = { Switch };
