// A session that was restored, but whose client did not get the answer: its next request was routed to another process, as
// happens while pods come and go. The client asks that process for the same session.
"use strict";

const assert = require("assert");
const { test, before, after, afterEach } = require("node:test");
const { Redis } = require("ioredis");
const { App } = require("./support/app.js");
const { Polling, oneConnection } = require("./support/polling.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

let redis;
let client;
before(async () => {
  redis = await RedisServer.start();
  client = new Redis(redis.url);
});
afterEach(() => App.stopAll());
after(async () => {
  client.disconnect();
  await redis.stop();
});

const withRuntime = async () => {
  const env = { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_RECOVERY_MS: "60000" };
  const app = await App.start("v4.8", { env });
  await app.ready();
  return app;
};

const keysOf = (pid) => client.keys(`*:session:${pid}`);

/** Two processes, and a client that lost its connection to the first and then missed an event. */
const lost = async (start = withRuntime) => {
  const apps = await Promise.all([start(), start()]);
  const leaving = await apps[0].client({ reconnection: false });
  const heard = new Promise((resolve) => leaving.once("said", resolve));
  leaving.emit("say", "an event to recover from");
  await heard;
  const { id, _pid: pid, _lastOffset: offset } = leaving;
  leaving.io.engine.close();
  await until("the stored session", async () => (await keysOf(pid)).length === 1);
  const other = await apps[0].client();
  other.emit("say", "missed");
  await until("the missed event", () => new Promise((resolve) => other.once("said", () => resolve(true))));
  return { apps, id, asks: { pid, offset } };
};

test("the other process restores the session, too", async () => {
  const { apps, id, asks } = await lost();
  const [one, other] = [await returning(apps[1], asks), await returning(apps[0], asks)];
  assert.deepStrictEqual([one.sid, other.sid], [id, id]);
});

// The client keeps events that come before it is connected: if it loses the connection in between it would get them twice.
test("the client is told first that it is connected, then what it missed", async () => {
  const { apps, asks } = await lost();
  const { packets, next } = await returning(apps[1], asks);
  assert.match(packets[0], /^40/);
  assert.match(packets[1] || (await next()), /^42.*missed/);
});

test("the same process does, and lets go of the socket that nobody listens to", async () => {
  const { apps, id, asks } = await lost();
  assert.strictEqual((await returning(apps[1], asks)).sid, id);
  const { sid, next } = await returning(apps[1], asks);
  assert.strictEqual(sid, id);
  assert.strictEqual((await apps[1].ask("/status")).body.connections, 1);
  (await apps[0].client()).emit("say", "an event for all");
  await until("the event", async () => (await next()).includes("an event for all"));
});

const alone = () => App.start("v4.8", { runtime: false, file: "plain-streams.cjs", env: { BROKER_URL: redis.url } });

test("control: with the adapter alone the session is gone", async () => {
  const { apps, id, asks } = await lost(alone);
  assert.strictEqual((await returning(apps[1], asks)).sid, id);
  assert.notStrictEqual((await returning(apps[0], asks)).sid, id);
});

test("control: with the adapter alone what was missed comes first", async () => {
  const { apps, asks } = await lost(alone);
  assert.match((await returning(apps[1], asks)).packets[0], /^42.*missed/);
});

for (const [who, packet] of [["the client left", "41"], ["the server sent the client away", '42["send me away"]']]) {
  test(`not after ${who}`, async () => {
    const { apps, id, asks } = await lost();
    const { sid, say } = await returning(apps[1], asks);
    assert.strictEqual(sid, id);
    await say(packet);
    const [key] = await keysOf(asks.pid);
    await until("the session's end", async () => (await client.hget(key, "owner")) === "");
    assert.notStrictEqual((await returning(apps[0], asks)).sid, id);
  });
}

/**
 * Comes back to a process.
 * @returns {Promise<{sid: string, packets: string[], say: (packet: string) => Promise<object>, next: () => Promise<string>}>}
 *   the session's id, what came until it was told, how to send a packet, and what comes next
 */
async function returning(app, asks) {
  const agent = oneConnection();
  const polling = await new Polling(app.url).shake(agent);
  const say = (body) => polling.request(agent, { method: "POST", body });
  const next = async () => (await polling.request(agent)).body;
  await say(`40${JSON.stringify(asks)}`);
  const packets = [];
  const connected = () => packets.find((packet) => packet.startsWith("40"));
  while (!connected()) packets.push(...(await next()).split("\x1e"));
  return { sid: JSON.parse(connected().slice(2)).sid, packets, say, next };
}
