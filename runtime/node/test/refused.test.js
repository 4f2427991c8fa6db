"use strict";

const assert = require("assert");
const { setTimeout: delay } = require("timers/promises");
const { test, before, after, afterEach } = require("node:test");
const { Redis } = require("ioredis");
const { App } = require("./support/app.js");
const { crosses } = require("./support/broadcast.js");
const guarded = require("./support/guarded.js");
const { binary } = require("./support/mongo.js");
const { available } = require("./support/postgres.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const WATCHED_MS = 8000;
// two at the start, and then after about 1, 2 and 4 seconds; each process has one adapter
const MOST = 7;
const LONGEST_WAIT_S = 20;

afterEach(() => App.stopAll());

for (const [make, adapters, skip] of [
  [guarded.redis, ["redis", "redis-sharded", "redis-streams"], false],
  [guarded.postgres, ["postgres"], !available() && "PostgreSQL is not there"],
  [guarded.mongo, ["mongo"], !binary() && "mongod is not there"],
]) {
  let broker;
  before(async () => (broker = skip ? undefined : await make()));
  after(() => broker && broker.remove());

  for (const adapter of adapters) {
    test(`${adapter}: a wrong password is told from the start, tried less and less often, and no matter once it is the right one`, { skip }, async (t) => {
      await broker.setPassword("another");
      const earlier = await broker.refused();
      const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: broker.url("the-password"), SOCKETIO_ADAPTER_PREFIX: adapter };
      const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
      await Promise.all(apps.map((app) => until("the reason", async () => {
        const [status, ready] = [await app.ask("/status"), await app.ask("/readyz")];
        return status.body.reason === ready.body.reason && (ready.body.reason === "BrokerRefused" || [ready.body, app.log]);
      })));
      const clients = await Promise.all(apps.map((app) => app.client()));
      await crosses(clients, "alone");
      await delay(WATCHED_MS);
      const tried = (await broker.refused()) - earlier;
      t.diagnostic(`${tried} logins of two processes in about ${WATCHED_MS / 1000} s`);
      assert.ok(tried <= 2 * MOST, `${tried} logins`);
      for (const app of apps) {
        assert.strictEqual((await app.ask("/healthz")).status, 200);
        assert.deepStrictEqual((await app.ask("/status")).body.servers[0].adapter, { owner: "runtime", name: adapter, reachable: false, subscribed: false, refused: true });
        assert.match(app.log, /refuses the login/);
        assert.doesNotMatch(app.log, /the-password/);
      }
      await broker.setPassword("the-password");
      await Promise.all(apps.map((app) => until("readiness", async () => (await app.ask("/readyz")).status === 200 || app.log, LONGEST_WAIT_S)));
      const heard = await crosses(clients, "together");
      await until("the broadcast", () => heard() || apps[1].log);
      assert.strictEqual((await apps[0].ask("/status")).body.servers[0].adapter.refused, undefined);
    });
  }
}

test("redis: a login that Redis asks for and the URL has not, and a password that changes while a process runs", async (t) => {
  const server = await RedisServer.start();
  const admin = new Redis(server.url);
  t.after(() => admin.disconnect() || server.stop());
  await admin.config("SET", "requirepass", "the-password");
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: server.url };
  const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
  const refused = (app) => async () => (await app.ask("/status")).body.servers[0].adapter.refused === true || app.log;
  await Promise.all(apps.map((app) => until("the refusal", refused(app))));
  assert.strictEqual((await apps[0].ask("/readyz")).body.reason, "BrokerRefused");
  await admin.config("SET", "requirepass", "");
  await Promise.all(apps.map((app) => app.ready()));
  const clients = await Promise.all(apps.map((app) => app.client()));
  const heard = await crosses(clients, "together");
  await until("the broadcast", () => heard() || apps[1].log);
  await admin.config("SET", "requirepass", "another");
  await admin.client("KILL", "TYPE", "pubsub");
  await Promise.all(apps.map((app) => until("the refusal", refused(app))));
  // all pods share the broker: it never takes a pod out that was whole
  for (const app of apps) assert.strictEqual((await app.ask("/readyz")).status, 200);
  await admin.config("SET", "requirepass", "");
  await Promise.all(apps.map((app) => app.hears(true)));
  const again = await crosses(clients, "together again");
  await until("the broadcast", () => again() || apps[1].log);
});

test("an app that listens when its adapter has answered is told what it waits for", async (t) => {
  const broker = await guarded.redis();
  t.after(() => broker.remove());
  await broker.setPassword("another");
  const env = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: broker.url("the-password") };
  const app = await App.start("v4.8", { file: "deaf.cjs", env });
  await until("the reason", async () => (await app.ask("/readyz")).body.reason === "BrokerRefused" || app.log);
});
