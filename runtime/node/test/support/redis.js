"use strict";

const { spawn } = require("child_process");
const { once } = require("events");
const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

/** A redis-server on a loopback port, which keeps what it has taken over a restart. */
class RedisServer {
  static async start() {
    const server = new RedisServer();
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-redis-"));
    process.once("exit", () => fs.rmSync(server.folder, { recursive: true, force: true }));
    server.port = await freePort();
    server.url = `redis://127.0.0.1:${server.port}`;
    await server.start();
    return server;
  }

  async start() {
    const options = ["--port", this.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", this.folder];
    this.process = spawn("redis-server", options.map(String), { stdio: "ignore" });
    const failure = new Promise((_, reject) => this.process.once("error", reject));
    await Promise.race([until(`redis-server on port ${this.port}`, () => accepts(this.port)), failure]);
  }

  /** @returns {Promise<number>} how often that command was called */
  async calls(command) {
    const { Redis } = require("ioredis");
    const client = new Redis(this.url);
    const statistics = await client.info("commandstats");
    client.disconnect();
    const match = new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m").exec(statistics);
    return match ? Number(match[1]) : 0;
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
