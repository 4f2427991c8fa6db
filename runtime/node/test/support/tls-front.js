"use strict";

const { execFileSync } = require("child_process");
const fs = require("fs");
const net = require("net");
const path = require("path");
const tls = require("tls");

/** Makes an authority in a folder and a certificate of 127.0.0.1 that it signed. @returns {{caFile: string, cert: Buffer, key: Buffer}} */
function certificates(folder) {
  const file = (name) => path.join(folder, name);
  const openssl = (...args) => execFileSync("openssl", args, { stdio: "ignore" });
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "1"];
  openssl("req", "-x509", ...made, "-subj", "/CN=authority", "-keyout", file("ca.key"), "-out", file("ca.crt"));
  const signed = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
  openssl("req", "-x509", ...made, "-subj", "/CN=broker", ...signed, "-keyout", file("tls.key"), "-out", file("tls.crt"));
  return { caFile: file("ca.crt"), cert: fs.readFileSync(file("tls.crt")), key: fs.readFileSync(file("tls.key")) };
}

/** A port of 127.0.0.1 where a broker is reached over TLS alone. */
class TlsFront {
  /**
   * @param {number} port  where the broker listens
   * @param {{cert: Buffer, key: Buffer}} pair
   * @param {boolean} [postgres]  whether the client asks for TLS in the clear first, and waits for an S
   */
  static async start(port, pair, postgres = false) {
    const front = new TlsFront();
    const serve = (socket) => front.#serve(new tls.TLSSocket(socket, { isServer: true, ...pair }), port);
    front.server = net.createServer((socket) => {
      socket.on("error", () => {});
      if (!postgres) return serve(socket);
      socket.once("data", () => {
        socket.write("S");
        serve(socket);
      });
    });
    front.sockets = new Set();
    await new Promise((resolve) => front.server.listen(0, "127.0.0.1", resolve));
    front.port = front.server.address().port;
    return front;
  }

  #serve(client, port) {
    const broker = net.connect(port, "127.0.0.1");
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        broker.destroy();
      });
    }
    client.pipe(broker).pipe(client);
  }

  stop() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

module.exports = { TlsFront, certificates };
