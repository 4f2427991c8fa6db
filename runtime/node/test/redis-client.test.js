"use strict";

const assert = require("assert");
const { test } = require("node:test");
const { RedisBroker } = require("../lib/adapters/redis-broker.js");
const { Gate } = require("./support/gate.js");
const { freePort } = require("./support/port.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

test("what is published while Redis is away is queued within bounds, and sent afterwards", async () => {
  const redis = await RedisServer.start();
  await redis.stop();
  const broker = new RedisBroker(redis.url);
  const received = [];
  try {
    const subscriber = broker.main.duplicate();
    subscriber.on("message", (_, text) => received.push(Number(text)));
    subscriber.subscribe("channel");
    await until("the outage", () => broker.held !== undefined);
    for (let i = 0; i < 10_500; i++) broker.main.publish("channel", String(i));
    assert.strictEqual(broker.dropped, 500);
    await redis.start();
    await until("the connection", () => broker.state().subscribed);
    assert.notStrictEqual(broker.held, undefined);
    // a stream keeps what is added for everybody
    assert.match(await broker.main.xadd("stream", "*", "nsp", "/"), /^\d+-\d+$/);
    await until("what was queued", () => received.length === 10_000 || received.length);
    assert.deepStrictEqual(received, [...received.keys()]);
    assert.strictEqual(await broker.main.publish("channel", "0"), 1);
    assert.strictEqual(broker.dropped, 500);
  } finally {
    broker.close();
    await redis.stop();
  }
});

test("large messages fill the queue by their size", async () => {
  const broker = new RedisBroker(`redis://127.0.0.1:${await freePort()}`);
  const megabyte = Buffer.alloc(1024 * 1024);
  for (let i = 0; i < 20; i++) broker.main.publish("channel", megabyte);
  assert.ok(broker.dropped >= 4 && broker.dropped <= 5, `dropped ${broker.dropped}`);
  broker.close();
});

test("a connection that Redis leaves without an answer is made anew, and what it sent is sent again", async () => {
  const redis = await RedisServer.start();
  const gate = await Gate.open(redis.port);
  const broker = new RedisBroker(gate.url, "prefix");
  try {
    await until("the connection", () => broker.main.status === "ready");
    const held = gate.holdFrom("echo", 1);
    const answer = broker.main.echo("hello");
    await held;
    const since = performance.now();
    assert.strictEqual(await answer, "hello");
    const waited = performance.now() - since;
    assert.ok(waited > 7000 && waited < 13_000, `waited ${waited} ms`);
  } finally {
    broker.close();
    gate.close();
    await redis.stop();
  }
});

test("entries added between two reads of a stream are not skipped", async () => {
  const redis = await RedisServer.start();
  const broker = new RedisBroker(redis.url);
  try {
    const reader = broker.main.duplicate();
    assert.strictEqual(await reader.xread("BLOCK", 20, "COUNT", 10, "STREAMS", "stream", "$"), null);
    const id = await broker.main.xadd("stream", "*", "nsp", "/");
    const [[, [[read]]]] = await reader.xread("BLOCK", 20, "COUNT", 10, "STREAMS", "stream", "$");
    assert.strictEqual(read, id);
  } finally {
    broker.close();
    await redis.stop();
  }
});
