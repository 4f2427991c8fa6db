"use strict";

const { spawn } = require("child_process");
const path = require("path");
const http = require("http");
const { io: connect } = require("socket.io-client");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

const ROOT = path.join(__dirname, "..", "..");
const PRELOAD = path.join(ROOT, "preload.cjs");
// another Node.js for the apps, for instance the oldest that is supported
const NODE = process.env.APP_NODE || process.execPath;
const running = new Set();

/** One process of an app from test/apps. */
class App {
  /**
   * @param {string} folder  of test/apps, such as "v4.8"
   * @param {{file?: string, env?: object, runtime?: boolean, preload?: string}} [how]
   */
  static async start(folder, { file = "app.cjs", env = {}, runtime = true, preload = PRELOAD } = {}) {
    const app = new App();
    app.sidePort = await freePort();
    const loaded = runtime ? { NODE_OPTIONS: `--require ${preload}`, SOCKETIO_RUNTIME_PORT: app.sidePort, SOCKETIO_RUNTIME_HOST: "127.0.0.1" } : {};
    app.process = spawn(NODE, [path.join(ROOT, "test", "apps", folder, file)], {
      env: { PATH: process.env.PATH, ...loaded, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(app);
    app.log = "";
    for (const stream of [app.process.stdout, app.process.stderr]) stream.on("data", (text) => (app.log += text));
    app.exit = new Promise((resolve) => app.process.once("exit", (code, signal) => resolve((app.ended = { code, signal }))));
    await until(`the port of ${folder}/${file}`, () => /port \d+/.test(app.log.replace(/side port.*/g, "")) || app.ended || app.log);
    app.port = Number(/^port (\d+)$/m.exec(app.log)[1]);
    app.url = `http://127.0.0.1:${app.port}`;
    app.clients = [];
    if (app.ended) throw new Error(`the app ended: ${app.log}`);
    return app;
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

  ready() {
    return until("readiness", async () => {
      const { status, body } = await this.ask("/readyz");
      return status === 200 || [body, this.log];
    });
  }

  /** @returns {Promise<import("socket.io-client").Socket>} a connected client */
  async client(options = {}) {
    const socket = connect(options.url || this.url, { forceNew: true, transports: ["websocket"], ...options });
    this.clients.push(socket);
    await until("a client's connection", () => socket.connected);
    return socket;
  }

  async stop() {
    running.delete(this);
    for (const client of this.clients || []) client.disconnect();
    if (!this.ended) this.process.kill("SIGKILL");
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

module.exports = { App, PRELOAD, ROOT };
