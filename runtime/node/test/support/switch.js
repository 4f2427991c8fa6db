"use strict";

const net = require("net");

/** A TCP proxy on a loopback port whose target can be changed: new connections go to the new one. */
class Switch {
  static async open(target) {
    const proxy = new Switch();
    proxy.target = target;
    proxy.sockets = new Set();
    proxy.server = net.createServer((near) => proxy.#join(near));
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
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

  close() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

module.exports = { Switch };
