"use strict";

const { before, after } = require("node:test");
const mongo = require("./mongo.js");
const postgres = require("./postgres.js");
const { RedisServer } = require("./redis.js");

const BROKERS = [
  { Server: RedisServer, adapters: ["redis", "redis-sharded", "redis-streams"], missing: false },
  { Server: postgres.PostgresServer, adapters: ["postgres"], missing: !postgres.available() && "PostgreSQL is not there" },
  { Server: mongo.MongoServer, adapters: ["mongo"], missing: !mongo.binary() && "mongod is not there" },
];

/**
 * Declares tests for each adapter that has a broker. A broker runs while the file's tests do.
 * @param {(adapter: string, place: {url: () => string, skip: string | false}) => void} declare
 *   url: of the broker, once a test runs; skip: why there is none
 */
function eachAdapter(declare) {
  for (const { Server, adapters, missing } of BROKERS) {
    let broker;
    before(async () => (broker = missing ? undefined : await Server.start()));
    after(() => broker && (broker.remove ? broker.remove() : broker.stop()));
    for (const adapter of adapters) declare(adapter, { url: () => broker.url, skip: missing });
  }
}

module.exports = { eachAdapter };
