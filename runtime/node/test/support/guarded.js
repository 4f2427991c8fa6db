"use strict";

const fs = require("fs");
const path = require("path");
const { MongoServer } = require("./mongo.js");
const { PostgresServer } = require("./postgres.js");
const { RedisServer } = require("./redis.js");

const USER = "chat";

/**
 * Brokers that ask the user `chat` for a password.
 * @typedef {object} Guarded
 * @property {(password: string) => string} url
 * @property {(password: string) => Promise<unknown>} setPassword  of that user, who is made if absent
 * @property {() => Promise<number>} refused  how many logins were refused so far
 * @property {() => Promise<unknown>} remove
 */

/** @returns {Promise<Guarded>} */
async function redis() {
  const server = await RedisServer.start();
  const { Redis } = require("ioredis");
  const admin = new Redis(server.url);
  return {
    url: (password) => `redis://${USER}:${password}@127.0.0.1:${server.port}`,
    setPassword: (password) => admin.acl("SETUSER", USER, "on", "resetpass", `>${password}`, "~*", "&*", "+@all"),
    refused: async () => Number((/errorstat_WRONGPASS:count=(\d+)/.exec(await admin.info("errorstats")) || [0, 0])[1]),
    remove() {
      admin.disconnect();
      return server.stop();
    },
  };
}

/** @returns {Promise<Guarded>} */
async function postgres() {
  const server = await PostgresServer.start();
  const rules = path.join(server.folder, "pg_hba.conf");
  const log = path.join(server.folder, "logins");
  fs.writeFileSync(rules, `host all ${USER} all scram-sha-256\n${fs.readFileSync(rules)}`);
  await server.query(`CREATE ROLE ${USER} LOGIN`);
  await server.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${USER}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${USER}`);
  await server.query(`ALTER SYSTEM SET log_directory = '${server.folder}'`);
  await server.query("ALTER SYSTEM SET log_filename = 'logins'");
  await server.query("ALTER SYSTEM SET logging_collector = on");
  await server.stop();
  await server.start();
  return {
    url: (password) => `postgres://${USER}:${password}@127.0.0.1:${server.port}/postgres`,
    setPassword: (password) => server.query(`ALTER ROLE ${USER} PASSWORD '${password}'`),
    refused: async () => fs.readFileSync(log, "utf8").split("password authentication failed").length - 1,
    remove: () => server.remove(),
  };
}

/** @returns {Promise<Guarded>} */
async function mongo() {
  const server = await MongoServer.start({ guarded: true });
  const { MongoClient } = require("mongodb");
  const admin = new MongoClient(server.members[0].url(), { directConnection: true });
  const db = admin.db("admin");
  return {
    url: (password) => server.url.replace("mongodb://", `mongodb://${USER}:${password}@`).concat("&authSource=admin"),
    async setPassword(pwd) {
      const roles = [{ role: "readWrite", db: "chat" }];
      await db.command({ createUser: USER, pwd, roles }).catch(() => db.command({ updateUser: USER, pwd, roles }));
    },
    async refused() {
      const { mechanisms } = (await db.command({ serverStatus: 1 })).security.authentication;
      return Object.values(mechanisms).reduce((sum, { authenticate: { received, successful } }) => sum + received - successful, 0);
    },
    async remove() {
      await admin.close();
      await server.remove();
    },
  };
}

module.exports = { redis, postgres, mongo };
