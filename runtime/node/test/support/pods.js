"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const { App } = require("./app.js");
const { Nginx } = require("./nginx.js");

const TOKEN = "the-token-of-the-cluster";
const KEY = "the-key-of-the-cluster";

/** Processes that stand for the pods of a cluster, and nginx in front of them, which spreads requests by turns. */
class Pods {
  /**
   * @param {number} count
   * @param {object} [how]
   * @param {string} [how.folder]  of test/apps
   * @param {string} [how.file]    what Node.js runs there
   * @param {object} [how.env]     of all; "" takes a variable away
   */
  static async start(count, { folder = "v4.8", file, env = {} } = {}) {
    const pods = new Pods();
    pods.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-pods-"));
    fs.writeFileSync(path.join(pods.folder, "token"), TOKEN);
    fs.writeFileSync(path.join(pods.folder, "key"), KEY);
    pods.start = async () => {
      const app = await App.start(folder, { file, env: { ...pods.env(), ...env } });
      await app.ready();
      return app;
    };
    pods.apps = await Promise.all(Array.from({ length: count }, pods.start));
    pods.nginx = await Nginx.start(...pods.apps.map(({ port }) => port));
    pods.url = pods.nginx.url;
    return pods;
  }

  env() {
    return {
      SOCKETIO_RUNTIME_ADDRESS: "127.0.0.1",
      SOCKETIO_RUNTIME_PEERS: "localhost",
      SOCKETIO_RUNTIME_TOKEN_FILE: path.join(this.folder, "token"),
      SOCKETIO_RUNTIME_SESSION_KEY_FILE: path.join(this.folder, "key"),
    };
  }

  /** @returns {Promise<number>} the sum of a metric's samples whose labels contain that text */
  async metric(name, labels = "") {
    const texts = await Promise.all(this.apps.filter(({ ended }) => !ended).map(async (app) => (await app.ask("/metrics")).body));
    const samples = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith(name) && line.includes(labels));
    return samples.reduce((sum, line) => sum + Number(line.split(" ").pop()), 0);
  }

  async stop() {
    await App.stopAll();
    await this.nginx.stop();
    fs.rmSync(this.folder, { recursive: true });
  }
}

module.exports = { Pods, TOKEN, KEY };
