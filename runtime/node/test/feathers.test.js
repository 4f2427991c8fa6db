// Feathers sends its events to the sockets of its own process, past the adapter; feathers-sync carries them to the others.
"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(() => App.stopAll());
after(() => redis.stop());

/** Starts two processes with a client each, and creates a message by the first client. */
async function created(env) {
  const adapter = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url };
  const apps = await Promise.all([1, 2].map(() => App.start("feathers", { env: { ...adapter, ...env } })));
  await Promise.all(apps.map((app) => app.ready()));
  const clients = await Promise.all(apps.map((app) => app.client()));
  const heard = clients.map(() => 0);
  clients.forEach((client, index) => client.on("messages created", () => (heard[index] += 1)));
  const create = () => clients[0].timeout(8000).emitWithAck("create", "messages", { text: "hello" });
  await create();
  await until("the speaker's own copy", () => heard[0] === 1 || heard);
  return { apps, heard, server: (await apps[0].ask("/status")).body.servers[0] };
}

const TOLD = /Feathers: its events reach clients of this process only, feathers-sync carries them to all/;

test("without feathers-sync an event stays on its process, and that is told once", async () => {
  const { apps: [app], heard, server } = await created({});
  assert.deepStrictEqual([server.adapter.subscribed, server.feathersUnsynced], [true, true]);
  await app.client();
  assert.strictEqual(app.facts.filter((fact) => TOLD.test(fact)).length, 1, app.log);
  assert.strictEqual(heard[1], 0);
});

test("with feathers-sync it crosses, and nothing is told", async () => {
  const { apps: [app], heard, server } = await created({ APP_SYNC: redis.url });
  await until("the other process", () => heard[1] === 1 || heard);
  assert.strictEqual(server.feathersUnsynced, undefined);
  assert.doesNotMatch(app.log, TOLD);
});

test("control: another app is not taken for one of Feathers", async () => {
  const app = await App.start("v4.8");
  await app.client();
  assert.strictEqual((await app.ask("/status")).body.servers[0].feathersUnsynced, undefined);
  assert.doesNotMatch(app.log, TOLD);
});
