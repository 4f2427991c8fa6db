"use strict";

const { execFileSync, spawn } = require("child_process");
const { once } = require("events");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { freePort } = require("./port.js");
const { until } = require("./until.js");

const NOBODY = 65534;
// Debian keeps the server's programs off the PATH
const DEBIAN = "/usr/lib/postgresql";
const TABLE = "CREATE TABLE IF NOT EXISTS socket_io_attachments (id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea)";

/** A PostgreSQL server on a loopback port with a database of its own, which is removed at the end. */
class PostgresServer {
  static async start() {
    const server = new PostgresServer();
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-postgres-"));
    // the server refuses to run as root
    server.user = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    if (server.user.uid) fs.chownSync(server.folder, NOBODY, NOBODY);
    execFileSync(binary("initdb"), ["-D", server.folder, "-U", "app", "--auth=trust", "--no-sync"], { ...server.user, stdio: "ignore" });
    server.port = await freePort();
    server.url = `postgres://app@127.0.0.1:${server.port}/postgres`;
    await server.start();
    await server.query(TABLE);
    return server;
  }

  async start() {
    const options = ["-D", this.folder, "-p", String(this.port), "-k", this.folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
    this.process = spawn(binary("postgres"), options, { ...this.user, stdio: "ignore" });
    await until("PostgreSQL", () => this.query("SELECT 1").then(() => true));
  }

  async query(text) {
    const { Client } = require("pg");
    const client = new Client({ connectionString: this.url });
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.query(text);
    } finally {
      await client.end().catch(() => {});
    }
  }

  async stop() {
    this.process.kill("SIGINT");
    await once(this.process, "exit");
  }

  async remove() {
    await this.stop();
    fs.rmSync(this.folder, { recursive: true });
  }
}

/** @returns {string | undefined} the path of a program of PostgreSQL's server: on the PATH, or Debian's of the newest version */
function binary(name) {
  const versions = fs.existsSync(DEBIAN) ? fs.readdirSync(DEBIAN).sort((one, other) => other - one) : [];
  const folders = [...process.env.PATH.split(":"), ...versions.map((version) => path.join(DEBIAN, version, "bin"))];
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
}

function available() {
  return Boolean(binary("initdb") && binary("postgres"));
}

module.exports = { PostgresServer, available };
