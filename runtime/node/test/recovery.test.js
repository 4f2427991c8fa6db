"use strict";

const assert = require("assert");
const { test, before, after, beforeEach, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { Gate } = require("./support/gate.js");
const { RedisServer } = require("./support/redis.js");
const { Switch } = require("./support/switch.js");
const { until } = require("./support/until.js");

let redis;
let gate;
let proxy;
before(async () => (redis = await RedisServer.start()));
beforeEach(async () => (gate = await Gate.open(redis.port)));
afterEach(async () => {
  await App.stopAll();
  gate.close();
  if (proxy) proxy.close();
  proxy = undefined;
});
after(() => redis.stop());

const WITH_RUNTIME = {
  name: "the runtime",
  start: async (url) => {
    const env = { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_RECOVERY_MS: "60000" };
    const app = await App.start("v4.8", { env });
    await app.ready();
    return app;
  },
};
const PLAIN = {
  name: "the adapter alone",
  start: (url) => App.start("v4.8", { runtime: false, file: "plain-streams.cjs", env: { BROKER_URL: url } }),
};

/** Two processes that hear each other; the second one's Redis is behind the gate. */
async function pair({ start }) {
  const apps = await Promise.all([start(redis.url), start(gate.url)]);
  const [first, second] = await Promise.all(apps.map((app) => listener(app)));
  await until("both processes to hear each other", () => {
    for (const { client } of [first, second]) client.emit("say", `hello ${client.id}`);
    return [first, second].every(({ heard }) => new Set(heard).size === 2) || [first.heard, second.heard];
  });
  return { apps, first, second };
}

async function listener(app, options) {
  const client = await app.client(options);
  const heard = [];
  client.on("said", (text) => heard.push(text));
  return { client, heard };
}

/** A client of the first process that lost its connection and will come back to the second one. */
async function mover({ apps, first }) {
  proxy = await Switch.open(apps[0].port);
  const moving = await listener(apps[0], { url: proxy.url, reconnectionDelay: 300, reconnectionDelayMax: 300 });
  first.client.emit("say", "before");
  await until("an event to recover from", () => moving.heard.includes("before"));
  moving.back = () => until("the client's return", () => moving.client.connected || apps[1].log);
  moving.leave = async () => {
    proxy.target = apps[1].port;
    moving.client.io.engine.close();
    await until("the loss of the connection", () => !moving.client.connected);
  };
  return moving;
}

const times = (heard, text) => heard.filter((said) => said === text).length;

/** An event delivered between the last read of a restoration and the socket's connection. */
async function duringRestoration(server) {
  const { apps, first, second } = await pair(server);
  const moving = await mover({ apps, first });
  const held = gate.holdFrom("xrange", 2);
  await moving.leave();
  await held;
  first.client.emit("say", "meanwhile");
  await until("the event on the second process", () => second.heard.includes("meanwhile"));
  gate.release();
  await moving.back();
  first.client.emit("say", "after");
  await until("the next event", () => moving.heard.includes("after"));
  assert.ok(moving.client.recovered);
  return moving.heard;
}

/** An event that a restoration reads before the process's reader does. */
async function aheadOfReader(server) {
  const { apps, first, second } = await pair(server);
  const moving = await mover({ apps, first });
  gate.holdReader();
  await moving.leave();
  first.client.emit("say", "meanwhile");
  await moving.back();
  await until("the missed event", () => moving.heard.includes("meanwhile"));
  gate.release();
  first.client.emit("say", "after");
  await until("the next event", () => moving.heard.includes("after") && second.heard.includes("after"));
  assert.ok(moving.client.recovered);
  return moving.heard;
}

/** Two events of two processes while the second one's reader is late: what its client hears, in order. */
async function inOrder(server) {
  const { first, second } = await pair(server);
  gate.holdReader();
  first.client.emit("say", "one");
  await until("the first event", () => first.heard.includes("one"));
  second.client.emit("say", "two");
  await until("the second event", () => first.heard.includes("two"));
  await second.client.timeout(8000).emitWithAck("adapter");
  gate.release();
  await until("both events", () => second.heard.includes("one") && second.heard.includes("two"));
  return second.heard.filter((text) => text === "one" || text === "two");
}

test("an event that is delivered while a session is being restored reaches it, once", async () => {
  const heard = await duringRestoration(WITH_RUNTIME);
  assert.deepStrictEqual([times(heard, "meanwhile"), times(heard, "after")], [1, 1]);
});

test("control: with the adapter alone it is lost", async () => {
  assert.strictEqual(times(await duringRestoration(PLAIN), "meanwhile"), 0);
});

test("an event that a restoration read before the reader did is delivered once", async () => {
  const heard = await aheadOfReader(WITH_RUNTIME);
  assert.deepStrictEqual([times(heard, "meanwhile"), times(heard, "after")], [1, 1]);
});

test("control: with the adapter alone it is delivered twice", async () => {
  assert.strictEqual(times(await aheadOfReader(PLAIN), "meanwhile"), 2);
});

test("clients of a process hear its own events and those of others in one order", async () => {
  assert.deepStrictEqual(await inOrder(WITH_RUNTIME), ["one", "two"]);
});

test("control: with the adapter alone its own come first", async () => {
  assert.deepStrictEqual(await inOrder(PLAIN), ["two", "one"]);
});

test("when the reader is cut off, clients of the same process do not wait for it and hear each event once", async () => {
  const { first, second } = await pair(WITH_RUNTIME);
  gate.holdReader();
  second.client.emit("say", "waiting");
  await until("the event on the other process", () => first.heard.includes("waiting"));
  assert.strictEqual(times(second.heard, "waiting"), 0);
  gate.cutReader();
  await until("the event that waited", () => second.heard.includes("waiting"), 2);
  second.client.emit("say", "right away");
  first.client.emit("say", "from the other");
  await until("the other's event, read again", () => second.heard.includes("from the other"));
  await until("the later event", () => second.heard.includes("right away"));
  assert.deepStrictEqual(["waiting", "right away", "from the other"].map((text) => times(second.heard, text)), [1, 1, 1]);
});
