// The oldest Node.js that is supported and the newest one; the other files run on the machine's own.
"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { assertApart, assertJoined } = require("./support/broadcast.js");
const { nodeOf } = require("./support/node.js");
const { RedisServer } = require("./support/redis.js");

const ADAPTERS = ["redis", "redis-sharded", "redis-streams"];
const APPS = ["v4.1", "v4.4", "v4.6", "v4.8"].flatMap((version) => ["app.cjs", "app.mjs"].map((file) => ({ version, file })));

let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(() => App.stopAll());
after(() => redis.stop());

for (const [nth, name] of ["16", "26"].entries()) {
  const node = nodeOf(name);

  // each app once; the adapters take turns, and begin with another one on the next Node.js
  for (const [turn, { version, file }] of APPS.entries()) {
    const adapter = ADAPTERS[(turn + nth) % ADAPTERS.length];
    test(`Node.js ${name}, ${adapter}: broadcasts cross two processes and fetchSockets sees both, ${version} ${file}`, async () => {
      const { status } = await assertJoined(version, { node, file, adapter, redis });
      assert.strictEqual(status.node.split(".")[0], name);
    });
  }

  test(`Node.js ${name}, control: without the runtime broadcasts do not cross`, () => assertApart("v4.8", { node }));

  test(`Node.js ${name}: SIGTERM drains`, async () => {
    const app = await App.start("v4.8", { node, env: { SOCKETIO_DRAIN_SECONDS: "1", APP_SIGTERM: "exit" } });
    await app.client({ reconnection: false });
    app.process.kill("SIGTERM");
    assert.deepStrictEqual(await app.exit, { code: 7, signal: null }, app.log);
    assert.match(app.log, /drain: 1 connections closed, 0 left\n[^]*the app's handler ran/);
  });

  test(`Node.js ${name}: SIGINT, which PM2 sends, drains`, async () => {
    const app = await App.start("v4.8", { node, env: { SOCKETIO_DRAIN_SECONDS: "1" } });
    await app.client({ reconnection: false });
    app.process.kill("SIGINT");
    assert.deepStrictEqual(await app.exit, { code: 0, signal: null }, app.log);
    assert.match(app.log, /drain: 1 connections closed, 0 left/);
  });
}
