"use strict";

const fs = require("fs");
const { once } = require("events");
const { MongoServer } = require("../test/support/mongo.js");
const { PostgresServer } = require("../test/support/postgres.js");
const { RedisServer } = require("../test/support/redis.js");

// `quit`: the signal of an orderly end. On SIGTERM PostgreSQL would wait for its clients to leave.
const KINDS = {
  redis: { Server: RedisServer, quit: "SIGTERM" },
  "redis-sharded": { Server: RedisServer, quit: "SIGTERM" },
  "redis-streams": { Server: RedisServer, quit: "SIGTERM" },
  postgres: { Server: PostgresServer, quit: "SIGINT" },
  mongo: { Server: MongoServer, quit: "SIGTERM" },
};

/** The real server behind an adapter, and what can befall it. */
class Broker {
  /**
   * @param {string} adapter    a value of SOCKETIO_ADAPTER other than `none`
   * @param {number} [members]  of MongoDB's replica set
   */
  static async start(adapter, members) {
    const { Server, quit } = KINDS[adapter];
    const broker = new Broker();
    broker.quit = quit;
    broker.server = await Server.start({ members });
    broker.url = broker.server.url;
    return broker;
  }

  async end(signal) {
    this.server.process.kill(signal);
    await once(this.server.process, "exit");
  }

  /** Starts it again on the same port and data; resolves when it answers. */
  start() {
    return this.server.start();
  }

  // PostgreSQL serves each client in a process of its own
  signalAll(signal) {
    const { pid } = this.server.process;
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    for (const each of [pid, ...children.map(Number)]) process.kill(each, signal);
  }

  remove() {
    return this.server.remove ? this.server.remove() : this.server.stop();
  }
}

const ELECTION = { adapters: ["mongo"], members: 3 };

/**
 * What befalls the broker, by name: a title, the adapters whose broker it can befall if not all, and `befall`, which
 * resolves when the broker answers again.
 */
const OUTAGES = {
  kill: {
    title: "The broker is killed (SIGKILL), started again after 3 s",
    async befall(broker, wait) {
      await broker.end("SIGKILL");
      await wait(3000);
      await broker.start();
    },
  },
  restart: {
    title: "The broker is told to stop, started again at once",
    async befall(broker) {
      await broker.end(broker.quit);
      await broker.start();
    },
  },
  freeze: {
    title: "The broker is frozen (SIGSTOP) for 5 s",
    async befall(broker, wait) {
      broker.signalAll("SIGSTOP");
      await wait(5000);
      broker.signalAll("SIGCONT");
    },
  },
  "step-down": {
    ...ELECTION,
    title: "An election: the primary of a replica set of three steps down",
    async befall({ server }) {
      const former = await server.primary();
      await former.command({ replSetStepDown: 60 });
      await server.elected(former);
    },
  },
  "primary-killed": {
    ...ELECTION,
    title: "An election: the primary of a replica set of three is killed (SIGKILL)",
    async befall({ server }) {
      const former = await server.primary();
      await former.stop("SIGKILL");
      await server.elected(former);
    },
  },
};

module.exports = { Broker, OUTAGES, ADAPTERS: Object.keys(KINDS) };
