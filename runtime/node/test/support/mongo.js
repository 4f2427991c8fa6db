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
const ADMIN = { user: "admin", pwd: "admin" };

/** One mongod on a loopback port, with a folder of its own that is removed at the end. */
class Member {
  /** @param {boolean} [guarded]  whether clients have to log in */
  static async start(guarded = false) {
    const member = new Member();
    member.guarded = guarded;
    member.folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-mongo-"));
    member.port = await freePort();
    member.host = `127.0.0.1:${member.port}`;
    member.spawn();
    return member;
  }

  spawn() {
    const options = ["--replSet", SET, "--dbpath", this.folder, "--port", this.port, "--bind_ip", "127.0.0.1", "--unixSocketPrefix", this.folder];
    const small = ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--setParameter", "diagnosticDataCollectionEnabled=false"];
    const key = path.join(this.folder, "key");
    if (this.guarded) fs.writeFileSync(key, "thekeyofthemembers", { mode: 0o600 });
    this.process = spawn(binary(), [...options, ...small, ...(this.guarded ? ["--keyFile", key] : [])].map(String), { stdio: "ignore" });
  }

  async command(command) {
    const { MongoClient } = require("mongodb");
    const client = new MongoClient(this.url(), { directConnection: true, serverSelectionTimeoutMS: 10_000 });
    try {
      return await client.db("admin").command(command);
    } finally {
      await client.close();
    }
  }

  url() {
    return `mongodb://${this.hasAdmin ? `${ADMIN.user}:${ADMIN.pwd}@` : ""}${this.host}`;
  }

  /** From now on commands are the administrator's. */
  async makeAdmin() {
    await this.command({ createUser: ADMIN.user, pwd: ADMIN.pwd, roles: ["root"] });
    this.hasAdmin = true;
  }

  /** @returns {Promise<{isWritablePrimary: boolean, secondary: boolean}>} */
  hello() {
    return this.command({ hello: 1 });
  }

  async stop(signal) {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill(signal);
    await once(this.process, "exit");
  }

  async remove() {
    await this.stop("SIGKILL");
    fs.rmSync(this.folder, { recursive: true });
  }
}

/** A MongoDB replica set on loopback: of one member, or of several that hold elections. */
class MongoServer {
  static async start({ members = 1, guarded = false } = {}) {
    const server = new MongoServer();
    server.members = await Promise.all(Array.from({ length: members }, () => Member.start(guarded)));
    await Promise.all(server.members.map((member) => member.hello()));
    server.url = `mongodb://${server.members.map(({ host }) => host)}/chat?replicaSet=${SET}`;
    await server.members[0].command({ replSetInitiate: { _id: SET, members: server.members.map(({ host }, _id) => ({ _id, host })) } });
    await server.#writable();
    await Promise.all(server.members.map((member) => until("a member", async () => {
      const { isWritablePrimary, secondary } = await member.hello();
      return isWritablePrimary || secondary;
    }, 30)));
    if (guarded) await server.members[0].makeAdmin();
    return server;
  }

  /** the process of the first member, or of the only one */
  get process() {
    return this.members[0].process;
  }

  /** Starts the only member again, on the same data. */
  async start() {
    this.members[0].spawn();
    await this.#writable();
  }

  /** Ends the only member. */
  stop(signal = "SIGINT") {
    return this.members[0].stop(signal);
  }

  #writable() {
    return until("a primary", async () => Boolean(await this.primary()), 60);
  }

  /** @param {Member} [former]  not this one @returns {Promise<Member | undefined>} the member that takes writes */
  async primary(former) {
    const states = await Promise.all(this.members.map((member) => (member === former ? {} : member.hello().catch(() => ({})))));
    return this.members[states.findIndex(({ isWritablePrimary }) => isWritablePrimary)];
  }

  /** Resolves when another member than the former primary takes writes. */
  async elected(former) {
    await until("an election", async () => Boolean(await this.primary(former)), 60);
  }

  async remove() {
    await Promise.all(this.members.map((member) => member.remove()));
  }
}

/** @returns {string | undefined} the path of mongod: on the PATH, or where `make test-runtime` puts it */
function binary() {
  const folders = [...process.env.PATH.split(":"), INSTALLED];
  return folders.map((folder) => path.join(folder, "mongod")).find((file) => fs.existsSync(file));
}

module.exports = { MongoServer, binary };
