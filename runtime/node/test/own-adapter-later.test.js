// An app that sets its own adapter after ours: nothing of ours stays open, so that the process ends when the app has closed.
"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const mongo = require("./support/mongo.js");
const postgres = require("./support/postgres.js");
const { RedisServer } = require("./support/redis.js");

const MISSING = "the database is not there: `make test-runtime` at the top of the repository brings it";
const BROKERS = {
  redis: "redis",
  "redis-sharded": "redis",
  "redis-streams": "redis",
  postgres: "postgres",
  mongo: "mongo",
};
const available = { redis: true, postgres: postgres.available(), mongo: Boolean(mongo.binary()) };
const brokers = {};
before(async () => {
  brokers.redis = await RedisServer.start();
  if (available.postgres) brokers.postgres = await postgres.PostgresServer.start();
  if (available.mongo) brokers.mongo = await mongo.MongoServer.start();
});
afterEach(() => App.stopAll());
after(async () => {
  await brokers.redis.stop();
  await Promise.all([brokers.postgres, brokers.mongo].map((broker) => broker && broker.remove()));
});

for (const [adapter, broker] of Object.entries(BROKERS)) {
  for (const atOnce of [true, false]) {
    test(`${adapter}: an app that sets its own adapter ${atOnce ? "at once" : "later"} ends when it has closed`, { skip: available[broker] ? false : MISSING }, async () => {
      const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: brokers[broker].url, ...(atOnce && { APP_AT_ONCE: "yes" }) };
      const app = await App.start("v4.8", { file: "changes-adapter.cjs", env });
      await app.ready();
      if (!atOnce) await fetch(`${app.url}/change`);
      assert.deepStrictEqual((await app.ask("/status")).body.servers[0].adapter, { owner: "app", name: "OwnAdapter" });
      await fetch(`${app.url}/close`);
      assert.deepStrictEqual(await inTime(app.exit, 5000), { code: 0, signal: null }, app.log);
    });
  }
}

function inTime(promise, milliseconds) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, "it runs on").unref())]);
}
