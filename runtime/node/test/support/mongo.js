"use strict";

const { spawn } = require("child_process");
const { once } = require("events");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

const INSTALLED = path.join(__dirname, "..", "..", "..", "..", "build", "mongod", "fiftyone", "db", "bin");
const SET = "rs0";

/** A MongoDB server on a loopback port: a replica set of one, with a folder of its own that is removed at the end. */
class MongoServer {
  static async start() {
    const server = new MongoServer();
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-mongo-"));
    server.port = await freePort();
    server.url = `mongodb://127.0.0.1:${server.port}/chat?replicaSet=${SET}`;
    server.#spawn();
    await server.#command({ replSetInitiate: { _id: SET, members: [{ _id: 0, host: `127.0.0.1:${server.port}` }] } });
    await server.#writable();
    return server;
  }

  async start() {
    this.#spawn();
    await this.#writable();
  }

  #spawn() {
    const options = ["--replSet", SET, "--dbpath", this.folder, "--port", this.port, "--bind_ip", "127.0.0.1", "--unixSocketPrefix", this.folder];
    const small = ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--setParameter", "diagnosticDataCollectionEnabled=false"];
    this.process = spawn(binary(), [...options, ...small].map(String), { stdio: "ignore" });
  }

  #writable() {
    return until("a primary", async () => (await this.#command({ hello: 1 })).isWritablePrimary, 30);
  }

  async #command(command) {
    const { MongoClient } = require("mongodb");
    const client = new MongoClient(`mongodb://127.0.0.1:${this.port}`, { directConnection: true, serverSelectionTimeoutMS: 10_000 });
    try {
      return await client.db("admin").command(command);
    } finally {
      await client.close();
    }
  }

  async stop(signal = "SIGINT") {
    this.process.kill(signal);
    await once(this.process, "exit");
  }

  async remove() {
    await this.stop("SIGKILL");
    fs.rmSync(this.folder, { recursive: true });
  }
}

/** @returns {string | undefined} the path of mongod: on the PATH, or where `make test-runtime` puts it */
function binary() {
  const folders = [...process.env.PATH.split(":"), INSTALLED];
  return folders.map((folder) => path.join(folder, "mongod")).find((file) => fs.existsSync(file));
}

module.exports = { MongoServer, binary };
