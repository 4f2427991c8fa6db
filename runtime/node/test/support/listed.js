"use strict";

const fs = require("fs");
const http = require("http");
const os = require("os");
const path = require("path");
const { App } = require("./app.js");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

// freePort holds its ports at 127.0.0.2
const ADDRESSES = ["127.0.0.3", "127.0.0.4", "127.0.0.5"];
const TOKEN = "the-token-of-the-cluster";
const PATH = "/.well-known/socketio-servers";

/** Servers at addresses of their own, as pods are: the same ports of the app and of the runtime at each. */
class Listed {
  static async start(addresses = ADDRESSES, env = {}) {
    const listed = new Listed();
    listed.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-discovery-"));
    fs.writeFileSync(path.join(listed.folder, "token"), TOKEN);
    [listed.port, listed.sidePort, listed.listPort] = [await freePort(), await freePort(), await freePort()];
    listed.env = {
      APP_PORT: listed.port,
      SOCKETIO_RUNTIME_PORT: listed.sidePort,
      SOCKETIO_RUNTIME_PEERS: ADDRESSES.join(","),
      SOCKETIO_RUNTIME_TOKEN_FILE: path.join(listed.folder, "token"),
      SOCKETIO_RUNTIME_DISCOVERY_PORT: listed.listPort,
      SOCKETIO_RUNTIME_DISCOVERY_URL: `http://{address}:${listed.port}`,
      ...env,
    };
    listed.apps = new Map();
    await Promise.all(addresses.map((address) => listed.add(address)));
    // a server that answers late is missing from the list at first
    const all = listed.urls(...addresses).join();
    if (all && listed.env.SOCKETIO_RUNTIME_DISCOVERY_URL) {
      await until("the list", () => listed.list({ from: addresses[0] }).then(({ urls }) => urls.join() === all));
    }
    return listed;
  }

  /** Starts a server there and waits until it is ready. */
  async add(address) {
    const app = await App.start("v4.8", { env: { ...this.env, APP_HOST: address, SOCKETIO_RUNTIME_HOST: address } });
    this.apps.set(address, app);
    await until("readiness", () => this.ask(address, "/readyz").then(({ status }) => status === 200, () => app.log));
  }

  urls(...addresses) {
    return addresses.map((address) => `http://${address}:${this.port}`);
  }

  /** @returns {string} what clients are told to find the list, at that server */
  base(address = ADDRESSES[0]) {
    return `http://${address}:${this.listPort}`;
  }

  /** @returns {Promise<{status: number, etag: string, headers: object, urls?: string[], weights?: number[], seconds: number}>} */
  async list({ from = ADDRESSES[0], etag, wait } = {}) {
    const began = Date.now();
    const headers = etag ? { "if-none-match": etag } : {};
    const answer = await this.ask(from, `${PATH}${wait ? `?wait=${wait}` : ""}`, { headers, port: this.listPort });
    const servers = answer.status === 200 ? JSON.parse(answer.text).servers : [];
    const parts = { urls: servers.map(({ url }) => url), weights: servers.map(({ weight }) => weight) };
    return { ...answer, ...parts, etag: answer.headers.etag, seconds: (Date.now() - began) / 1000 };
  }

  drain(address, seconds = 0) {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return this.ask(address, "/drain", { method: "POST", headers, body: JSON.stringify({ seconds }) });
  }

  ask(host, route, { method = "GET", headers = {}, body, port = this.sidePort } = {}) {
    return new Promise((resolve, reject) => {
      const place = { host, port, path: route, method, headers, agent: false };
      const request = http.request(place, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  async stop() {
    await App.stopAll();
    fs.rmSync(this.folder, { recursive: true });
  }
}

module.exports = { Listed, ADDRESSES, PATH };
