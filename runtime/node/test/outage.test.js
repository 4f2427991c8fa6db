"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(async () => {
  await App.stopAll();
  await redis.stop();
  await redis.start();
});
after(() => redis.stop());

/** Two processes that are ready; `local` and `remote` hold what the speaker's and the other process's client heard. */
async function conversation(adapter) {
  const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: redis.url };
  const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
  await Promise.all(apps.map((app) => app.ready()));
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const [local, remote] = [new Set(), new Set()];
  speaker.on("said", (text) => local.add(text));
  listener.on("said", (text) => remote.add(text));
  return { apps, speaker, local, remote };
}

for (const adapter of ["redis", "redis-sharded", "redis-streams"]) {
  test(`${adapter}: Redis goes away and comes back, no process dies, each stays ready for its clients`, async () => {
    const { apps, speaker, local, remote } = await conversation(adapter);
    let said = 0;
    const say = () => speaker.emit("say", String(said++));
    const timer = setInterval(say, 20);
    try {
      await redis.stop();
      await Promise.all(apps.map((app) => app.hears(false)));
      const before = said;
      await until("events during the outage", () => said > before + 25);
      await until("local clients", () => local.has(String(before + 25)) || local.size, 2);
      for (const app of apps) assert.strictEqual((await app.ask("/readyz")).status, 200);
      // a new client is no worse off than those that are there
      assert.strictEqual(typeof (await (await apps[0].client()).timeout(8000).emitWithAck("adapter")), "string");
      await redis.start();
      await Promise.all(apps.map((app) => app.hears(true)));
    } finally {
      clearInterval(timer);
    }
    say();
    const last = String(said - 1);
    await until("the last event", () => remote.has(last));
    await until("every event for local clients", () => local.size === said || local.size);
    if (adapter === "redis-streams") assert.strictEqual(remote.size, said);
    for (const app of apps) {
      assert.strictEqual(app.ended, undefined, app.log);
      assert.match(app.log, /broker .*: away/);
    }
    assert.strictEqual(await speaker.timeout(8000).emitWithAck("who"), 3);
  });
}

test("a broker that is absent from the start: the app works, and the adapter once the broker appears", async () => {
  await redis.stop();
  const env = { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: redis.url };
  const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
  const [speaker, listener] = await Promise.all(apps.map((app) => app.client()));
  const heard = [];
  // nobody is sent here before its adapter heard the others for the first time
  for (const app of apps) assert.strictEqual((await app.ask("/readyz")).body.reason, "BrokerUnreachable");
  for (const client of [speaker, listener]) client.on("said", (text) => heard.push(`${client.id} ${text}`));
  speaker.emit("say", "alone");
  await until("the local broadcast", () => heard.includes(`${speaker.id} alone`));
  await redis.start();
  await Promise.all(apps.map((app) => app.ready()));
  speaker.emit("say", "together");
  await until("the broadcast", () => heard.includes(`${listener.id} together`) || heard);
});

for (const [adapter, scheme] of [["postgres", "postgres"], ["mongo", "mongodb"]]) {
  test(`${adapter}: without its broker the app goes on by itself, not ready, and ends when told`, async () => {
    const url = `${scheme}://user:secret@127.0.0.1:1/chat`;
    const app = await App.start("v4.8", { env: { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_DRAIN_SECONDS: "0" } });
    const [speaker, listener] = [await app.client(), await app.client()];
    const heard = [];
    listener.on("said", (text) => heard.push(text));
    speaker.emit("say", "alone");
    await until("the local broadcast", () => heard.includes("alone") || app.log);
    assert.strictEqual((await app.ask("/readyz")).body.reason, "BrokerUnreachable");
    app.process.kill("SIGTERM");
    assert.deepStrictEqual(await app.exit, { code: 0, signal: null }, app.log);
    assert.doesNotMatch(app.log, /secret/);
  });
}

test("redis-streams: a Redis that hangs, nothing is lost and local clients do not wait for it", async () => {
  const { apps, speaker, local, remote } = await conversation("redis-streams");
  redis.process.kill("SIGSTOP");
  speaker.emit("say", "before it is noticed");
  await apps[0].hears(false);
  for (let i = 0; i < 100; i++) speaker.emit("say", String(i));
  await until("local clients", () => local.size === 101 || local.size, 2);
  assert.deepStrictEqual([...local].slice(0, 2), ["before it is noticed", "0"]);
  redis.process.kill("SIGCONT");
  await Promise.all(apps.map((app) => app.hears(true)));
  await until("the other process", () => remote.size === 101 || remote.size);
});
