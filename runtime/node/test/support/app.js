"use strict";

const { spawn } = require("child_process");
const path = require("path");
const http = require("http");
const { io } = require("socket.io-client");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

const ROOT = path.join(__dirname, "..", "..");
const PRELOAD = path.join(ROOT, "preload.cjs");
// another Node.js for the apps, for instance the oldest that is supported
const NODE = process.env.APP_NODE || process.execPath;
const running = new Set();

/** One process of an app from test/apps, or the processes that a command starts there. */
class App {
  /**
   * @param {string} folder  of test/apps, such as "v4.8"
   * @param {object} [how]
   * @param {string} [how.file]       what Node.js runs
   * @param {string} [how.node]       executable of Node.js
   * @param {string[]} [how.command]  run instead, as the leader of a process group of its own
   * @param {object} [how.env]
   * @param {boolean} [how.runtime]   whether the runtime is loaded
   * @param {string} [how.preload]    file that loads it
   */
  static async start(folder, { file = "app.cjs", node = NODE, command, env = {}, runtime = true, preload = PRELOAD } = {}) {
    const app = new App();
    app.sidePort = await freePort();
    app.grouped = command !== undefined;
    app.clients = [];
    app.#spawn(command || [node, file], {
      cwd: path.join(ROOT, "test", "apps", folder),
      env: { PATH: process.env.PATH, ...(runtime ? app.#loading(preload) : {}), ...env },
    });
    const port = () => /^port (\d+)$/m.exec(app.log);
    await until(`the port of ${folder}`, () => Boolean(port() || app.ended) || app.log);
    if (!port()) throw new Error(`the app ended: ${app.log}`);
    app.port = Number(port()[1]);
    app.url = `http://127.0.0.1:${app.port}`;
    return app;
  }

  #loading(preload) {
    return { NODE_OPTIONS: `--require ${preload}`, SOCKETIO_RUNTIME_PORT: this.sidePort, SOCKETIO_RUNTIME_HOST: "127.0.0.1" };
  }

  #spawn([executable, ...args], place) {
    this.process = spawn(executable, args, { ...place, stdio: ["ignore", "pipe", "pipe"], detached: this.grouped });
    running.add(this);
    this.log = "";
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (text) => (this.log += text));
    // resolves when the output has ended as well
    this.exit = new Promise((resolve) => this.process.once("close", (code, signal) => resolve((this.ended = { code, signal }))));
  }

  /** @returns {string[]} what the runtime logged */
  get facts() {
    return this.log.split("\n").filter((line) => line.startsWith("[socketio-runtime] ")).map((line) => line.slice(19));
  }

  /** @returns {Promise<{status: number, body: any}>} from the side port */
  ask(route, { method = "GET", token, body } = {}) {
    return new Promise((resolve, reject) => {
      const headers = { connection: "close", ...(token ? { authorization: `Bearer ${token}` } : {}) };
      const request = http.request({ host: "127.0.0.1", port: this.sidePort, path: route, method, headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode, body: parse(text) }));
        response.on("error", reject);
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Waits until the side port is open, which is after `start` for an app that makes no Server before it listens. */
  opened() {
    return until("the side port", () => this.facts.includes(`side port ${this.sidePort}: open`) || this.log);
  }

  ready() {
    return until("readiness", async () => {
      const { status, body } = await this.ask("/readyz");
      return status === 200 || [body, this.log];
    });
  }

  /** Waits until its adapter hears the other processes (`heard`), or does no more. */
  hears(heard) {
    return until(heard ? "the broker" : "the loss of the broker", async () => {
      const [{ adapter }] = (await this.ask("/status")).body.servers;
      return adapter.subscribed === heard || this.log;
    });
  }

  /**
   * @param {object} [options]   the client's, and `url` if not the app's, `connect` of another version of the client
   * @returns {Promise<import("socket.io-client").Socket>} a connected client
   */
  async client({ url = this.url, connect = io, ...options } = {}) {
    const socket = connect(url, { forceNew: true, transports: ["websocket"], ...options });
    this.clients.push(socket);
    await until("a client's connection", () => socket.connected);
    return socket;
  }

  async stop() {
    running.delete(this);
    for (const client of this.clients) client.disconnect();
    if (!this.ended) process.kill(this.grouped ? -this.process.pid : this.process.pid, "SIGKILL");
    await this.exit;
  }

  static stopAll() {
    return Promise.all([...running].map((app) => app.stop()));
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

module.exports = { App, NODE, PRELOAD, ROOT };
