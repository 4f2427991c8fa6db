"use strict";

const { spawn } = require("child_process");
const { once } = require("events");
const net = require("net");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

/** A redis-server on a loopback port, without persistence. */
class RedisServer {
  static async start() {
    const server = new RedisServer();
    server.port = await freePort();
    server.url = `redis://127.0.0.1:${server.port}`;
    await server.start();
    return server;
  }

  async start() {
    const options = ["--port", this.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", require("os").tmpdir()];
    this.process = spawn("redis-server", options.map(String), { stdio: "ignore" });
    const failure = new Promise((_, reject) => this.process.once("error", reject));
    await Promise.race([until(`redis-server on port ${this.port}`, () => accepts(this.port)), failure]);
  }

  async stop() {
    const { process: running } = this;
    if (running.exitCode !== null || running.signalCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(true));
    socket.once("error", (error) => resolve(error.code));
    socket.once("connect", () => socket.destroy());
  });
}

module.exports = { RedisServer };
