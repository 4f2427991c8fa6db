"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { assertApart, assertJoined } = require("./support/broadcast.js");
const { disconnects } = require("./support/disconnects.js");
const { RedisServer } = require("./support/redis.js");

let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(() => App.stopAll());
after(() => redis.stop());

// NestJS 12 needs Node.js 20, whatever the other apps run on
const nest = { file: "main.js", node: process.execPath };
const start = (how) => App.start("nest", { ...nest, env: { SOCKETIO_DRAIN_SECONDS: "2" }, ...how });
const terminate = (pid) => process.kill(pid, "SIGTERM");

test("NestJS: broadcasts of a gateway cross two processes", () => assertJoined("nest", { ...nest, adapter: "redis", redis }));

test("NestJS, control: without the runtime they do not", () => assertApart("nest", nest));

test("NestJS: SIGTERM drains before the framework's own shutdown", async () => {
  const app = await start();
  const { exit, milliseconds } = await disconnects(app, terminate);
  assert.ok(milliseconds > 1000, `all closed within ${milliseconds} ms`);
  assert.match(app.log, /drain: 10 connections closed, 0 left\n[^]*the app's hook ran\n/);
  // when it is done NestJS sends itself the signal again
  assert.deepStrictEqual(exit, { code: 0, signal: null }, app.log);
  assert.doesNotMatch(app.log, /SIGTERM again/);
});

test("NestJS, control: without the runtime its shutdown closes all at once", async () => {
  const app = await start({ runtime: false });
  const { exit, milliseconds } = await disconnects(app, terminate);
  assert.ok(milliseconds < 1000, `closed over ${milliseconds} ms`);
  assert.match(app.log, /the app's hook ran/);
  assert.deepStrictEqual(exit, { code: null, signal: "SIGTERM" });
});
