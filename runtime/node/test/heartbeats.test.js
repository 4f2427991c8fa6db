// Which pods a pod's adapter hears: proven by the adapter itself, whoever brought it.
"use strict";

const assert = require("assert");
const { randomUUID } = require("crypto");
const { setTimeout: delay } = require("timers/promises");
const { test, before, after, afterEach } = require("node:test");
const { Redis } = require("ioredis");
const { App } = require("./support/app.js");
const { Gate } = require("./support/gate.js");
const { MongoServer, binary: mongod } = require("./support/mongo.js");
const { nodeOf } = require("./support/node.js");
const { PostgresServer, available: postgresAvailable } = require("./support/postgres.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");
const { Heard } = require("../lib/truth/heard.js");
const { BEAT_MS, heardFor, nextInterval } = require("../lib/truth/interval.js");

const ONE = "10.244.1.7";
const OTHER = "10.244.2.9";
// the longest time between two heartbeats
const BEAT_SECONDS = 5.5;

let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(() => App.stopAll());
after(() => redis.stop());

const onRedis = (adapter = "redis", prefix = randomUUID()) => ({ SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: prefix });
const pod = (address, env, { folder = "v4.8", ...how } = {}) => App.start(folder, { ...how, env: { ...(address ? { SOCKETIO_RUNTIME_ADDRESS: address } : {}), ...env } });
const pair = (env, how) => Promise.all([ONE, OTHER].map((address) => pod(address, env, how)));
const serverOf = async (app) => (await app.ask("/status")).body.servers[0];

/** Waits until a process hears that address, and nobody else. @param {number} [within] seconds ago @returns {Promise<object>} */
async function hears(app, address, within = BEAT_SECONDS) {
  let server;
  await until(`a heartbeat of ${address}`, async () => {
    server = await serverOf(app);
    const heard = server.hears || {};
    return (Object.keys(heard).join() === address && heard[address] <= within) || [server, app.log];
  });
  return server;
}

async function assertHeardBoth([one, other]) {
  const [first, second] = await Promise.all([hears(one, OTHER), hears(other, ONE)]);
  for (const { lag } of [first, second]) assert.ok(lag >= 0 && lag < 1, `${lag} s`);
}

for (const [version, adapter] of [["v4.1", "redis"], ["v4.4", "redis-sharded"], ["v4.8", "redis"], ["v4.8", "redis-sharded"], ["v4.1", "redis-streams"], ["v4.8", "redis-streams"]]) {
  test(`${adapter}: two processes hear each other, ${version}`, async () => assertHeardBoth(await pair(onRedis(adapter), { folder: version })));
}

for (const node of ["16", "26"]) {
  test(`two processes hear each other, Node.js ${node}`, async () => assertHeardBoth(await pair(onRedis(), { node: nodeOf(node) })));
}

test("control: another prefix is another cluster", async () => {
  const apps = await Promise.all([pod(ONE, onRedis()), pod(OTHER, onRedis())]);
  await Promise.all(apps.map((app) => app.ready()));
  // both have sent two by then
  await delay(7500);
  for (const app of apps) {
    const { hears: heard, lag } = await serverOf(app);
    assert.deepStrictEqual([heard, lag], [{}, undefined]);
  }
});

test("PostgreSQL: two processes hear each other", { skip: !postgresAvailable() }, async (t) => {
  const server = await PostgresServer.start();
  t.after(() => server.remove());
  await assertHeardBoth(await pair({ SOCKETIO_ADAPTER: "postgres", SOCKETIO_RUNTIME_BROKER_URL: server.url }));
  await App.stopAll();
});

test("MongoDB: two processes hear each other", { skip: !mongod() }, async (t) => {
  const server = await MongoServer.start();
  t.after(() => server.remove());
  await assertHeardBoth(await pair({ SOCKETIO_ADAPTER: "mongo", SOCKETIO_RUNTIME_BROKER_URL: server.url }));
  await App.stopAll();
});

test("workers are one pod: they hear other pods, and not each other", async () => {
  const apps = await pair({ ...onRedis(), SOCKETIO_WORKERS: "2" });
  await Promise.all(apps.map((app) => app.ready()));
  for (const [app, other] of [[apps[0], OTHER], [apps[1], ONE]]) {
    await until("both workers", async () => {
      const { servers } = (await app.ask("/status")).body;
      return servers.length === 2 && servers.every(({ hears: heard }) => Object.keys(heard).join() === other);
    });
  }
});

test("without a broker workers hear each other by their primary, which is nobody else", async () => {
  const app = await pod(ONE, { SOCKETIO_WORKERS: "2" });
  await app.ready();
  const { servers } = (await app.ask("/status")).body;
  assert.deepStrictEqual(servers.map(({ adapter, hears: heard }) => [adapter.name, heard]), [["cluster", {}], ["cluster", {}]]);
});

const OWN = { file: "own-redis.cjs" };

test("an adapter of the app's own: two processes hear each other", async () => {
  const apps = await pair({ BROKER_URL: redis.url, APP_KEY: randomUUID() }, OWN);
  await assertHeardBoth(apps);
  assert.strictEqual((await serverOf(apps[0])).adapter.owner, "app");
});

test("control: an adapter of the app's own that does not cross is seen not to", async () => {
  const apps = await Promise.all([ONE, OTHER].map((address) => pod(address, { BROKER_URL: redis.url, APP_KEY: randomUUID() }, OWN)));
  await delay(7500);
  for (const app of apps) assert.deepStrictEqual((await serverOf(app)).hears, {});
});

test("an app that is done with its Redis goes on", async () => {
  const apps = await pair({ BROKER_URL: redis.url, APP_KEY: randomUUID() }, OWN);
  await assertHeardBoth(apps);
  apps[0].process.kill("SIGUSR2");
  await until("silence", async () => (await serverOf(apps[1])).hears[ONE] > 2 * BEAT_SECONDS);
  assert.strictEqual(apps[0].ended, undefined, apps[0].log);
  assert.doesNotMatch(apps[0].log, /failed|error/i);
});

test("apps whose own Redis is away for long go on, and are heard again", async (t) => {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  const env = { BROKER_URL: server.url };
  const pairs = await Promise.all(["own-redis.cjs", "plain-streams.cjs"].map((file) => pair(env, { file })));
  for (const apps of pairs) await assertHeardBoth(apps);
  await server.stop();
  // longer than ioredis keeps a command by default
  await delay(13_000);
  const heard = async (app) => Object.values((await serverOf(app)).hears);
  for (const app of pairs.flat()) assert.ok((await heard(app))[0] > 2 * BEAT_SECONDS, app.log);
  await server.start();
  for (const [one, other] of pairs) await Promise.all([hears(one, OTHER), hears(other, ONE)]);
});

test("no heartbeats: switched off, without an address of the pod, and by an adapter that cannot carry them", async () => {
  const env = onRedis();
  const silent = [
    { SOCKETIO_RUNTIME_HEARTBEATS: "off" },
    { SOCKETIO_RUNTIME_ADDRESS: "" },
    { SOCKETIO_RUNTIME_ADDRESS: "chat-0.example" },
    { SOCKETIO_ADAPTER: "none" },
    { APP_ADAPTER: "own" },
    { APP_ADAPTER: "later" },
  ];
  const listener = await pod(OTHER, env);
  const apps = await Promise.all(silent.map((differs, i) => pod(ONE, { ...env, ...differs }, { folder: i % 2 ? "v4.1" : "v4.8" })));
  await Promise.all([listener, ...apps].map((app) => app.ready()));
  await delay(7500);
  for (const app of apps) {
    const { hears: heard, lag, interval } = await serverOf(app);
    assert.deepStrictEqual([heard, lag, interval], [undefined, undefined, undefined]);
    assert.doesNotMatch(app.log, /serverSideEmit/);
  }
  assert.deepStrictEqual((await serverOf(listener)).hears, {});
  // the control: it would have heard one
  const heard = await pod(ONE, env);
  await hears(listener, ONE);
  await hears(heard, OTHER);
});

for (const adapter of ["redis", "redis-streams"]) {
  test(`a process that is cut off from Redis hears nobody and is heard by nobody, until it is back, ${adapter}`, async (t) => {
    const prefix = randomUUID();
    const gate = await Gate.open(redis.port);
    t.after(() => gate.close());
    const apps = await Promise.all([pod(ONE, { ...onRedis(adapter, prefix), SOCKETIO_RUNTIME_BROKER_URL: gate.url }), pod(OTHER, onRedis(adapter, prefix))]);
    await assertHeardBoth(apps);
    gate.shut();
    const cut = Date.now();
    const ages = async () => [(await serverOf(apps[0])).hears[OTHER], (await serverOf(apps[1])).hears[ONE]];
    await until("silence", async () => (await ages()).every((age) => age > 8) || ages());
    assert.ok(Date.now() - cut < 15_000, `${Date.now() - cut} ms`);
    // an outage as long as several heartbeats
    await delay(6000);
    gate.reopen();
    await Promise.all([hears(apps[0], OTHER), hears(apps[1], ONE)]);
    // one that was under way arrives late
    for (const app of apps) await until("a heartbeat that was not late", async () => (await serverOf(app)).lag < 0.5 || serverOf(app));
  });
}

test("heartbeats of others on the same broker, in any shape, harm nothing and are not told", async () => {
  const prefix = randomUUID();
  const app = await pod(ONE, onRedis("redis", prefix));
  await app.ready();
  const client = new Redis(redis.url);
  const logged = app.log;
  const say = (...data) => client.publish(`${prefix}-request#/.socketio-runtime#`, JSON.stringify({ uid: "foreign", type: 6, data }));
  const now = Date.now();
  for (const rubbish of [[], [null], [{}], ["x".repeat(1e6), now], [OTHER], [OTHER, "now"], [OTHER, {}], [OTHER, null], ["__proto__", now], ["fe80::1%eth0", now], [ONE, now]]) {
    assert.strictEqual(await say("beat", ...rubbish), 1);
  }
  for (const event of ["error", "connection", "connect", "new_namespace", "disconnect"]) await say(event, "rubbish");
  for (let i = 0; i < 20_000; i++) say("beat", `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`, now);
  await say("beat", OTHER, now - 1e15);
  await until("the last of them", async () => OTHER in (await serverOf(app)).hears || app.log);
  client.disconnect();
  assert.strictEqual(Object.keys((await serverOf(app)).hears).length, 200);
  await until("the longest interval", async () => (await serverOf(app)).interval === 200 || serverOf(app));
  assert.strictEqual(app.log, logged);
  assert.strictEqual(app.ended, undefined);
});

test("lag: how much longer than the quickest of five minutes, whatever the clocks say", () => {
  let now = 0;
  const heard = new Heard(ONE, () => now);
  const beat = (from, took, clock = 0) => heard.beat(from, clock, took + clock);
  const state = () => heard.state(60_000);
  assert.deepStrictEqual(state(), { hears: {} });
  heard.beat(OTHER, 1_000_000, 400_000);
  assert.deepStrictEqual(state(), { hears: { [OTHER]: 0 }, lag: 0 });
  now += 5000;
  heard.beat(OTHER, 1_005_000, 405_250);
  assert.deepStrictEqual(state(), { hears: { [OTHER]: 0 }, lag: 0.25 });
  beat("10.244.3.1", 10);
  now += 1500;
  beat("10.244.3.1", 40);
  assert.deepStrictEqual(state(), { hears: { "10.244.3.1": 0, [OTHER]: 1.5 }, lag: 0.25 });
  now += 58_500;
  assert.deepStrictEqual(state(), { hears: { "10.244.3.1": 58.5 }, lag: 0.03 });
  now += 1500;
  assert.deepStrictEqual(state(), { hears: {} });
  // its clock went wrong by 100 s: the quickest is forgotten
  for (let i = 0; i < 80; i++) {
    now += 5000;
    heard.beat(OTHER, 1_000_000 - 100_000, 400_000);
  }
  assert.strictEqual(state().lag, 0);
});

test("the interval grows with the pods that are heard, so that five heartbeats come in a second", () => {
  const intervals = [0, 5, 25, 30, 100, 200, 999].map((others) => nextInterval(others, BEAT_MS));
  assert.deepStrictEqual(intervals.map(Math.round), [5000, 5000, 5000, 6000, 20_000, 40_000, 199_800]);
});

test("it shrinks slowly: a pod that has not noticed yet that others went still counts as heard", () => {
  let [interval, steps] = [nextInterval(200, BEAT_MS), 0];
  for (; interval > BEAT_MS; steps++) {
    const next = nextInterval(3, interval);
    assert.ok(next < interval && next >= 0.9 * interval, `${next} after ${interval}`);
    interval = next;
  }
  assert.ok(steps > 10 && steps < 25, `${steps}`);
});

test("pods count as heard for at least a minute, and for more heartbeats than the operator waits for", () => {
  for (const others of [0, 5, 30, 100, 200, 999]) {
    const interval = nextInterval(others, BEAT_MS);
    // three of them, each as late as may be
    assert.ok(heardFor(interval) >= Math.max(60_000, 3 * 1.1 * interval), `${others}`);
  }
});

test("two hundred pods that send every 40 s are all heard, and no pod for longer than four heartbeats", () => {
  let now = 0;
  const heard = new Heard(ONE, () => now);
  const interval = nextInterval(200, BEAT_MS);
  const within = heardFor(interval);
  const round = (pods) => {
    for (let i = 0; i < 200; i++) {
      now += interval / 200;
      if (i < pods) heard.beat(`10.0.1.${i}`, now, now);
    }
  };
  for (let i = 0; i < 3; i++) round(200);
  assert.deepStrictEqual([heard.count(within), Object.keys(heard.state(within).hears).length], [200, 200]);
  assert.strictEqual(Math.round(nextInterval(heard.count(within), interval)), Math.round(interval));
  for (let i = 0; i < 3; i++) round(50);
  assert.strictEqual(heard.count(within), 200);
  for (let i = 0; i < 2; i++) round(50);
  assert.deepStrictEqual([heard.count(within), Object.keys(heard.state(within).hears).length], [50, 50]);
});

test("the pods of the largest cluster all count, though not all are told", () => {
  const heard = new Heard(ONE, () => 0);
  for (let i = 0; i < 999; i++) heard.beat(`10.0.${i >> 8}.${i & 255}`, 0, 0);
  assert.deepStrictEqual([heard.count(1), Object.keys(heard.state(1).hears).length], [999, 200]);
});

test("a process that hears 50 others sends every 10 s, and the others hear it as long", async () => {
  const prefix = randomUUID();
  const apps = await Promise.all([ONE, OTHER].map((address) => pod(address, onRedis("redis", prefix))));
  await assertHeardBoth(apps);
  for (const app of apps) assert.strictEqual((await serverOf(app)).interval, 5);
  const client = new Redis(redis.url);
  const say = () => {
    for (let i = 1; i < 50; i++) client.publish(`${prefix}-request#/.socketio-runtime#`, JSON.stringify({ uid: "foreign", type: 6, data: ["beat", `10.0.0.${i}`, Date.now()] }));
  };
  say();
  for (const app of apps) await until("an interval of 10 s", async () => (await serverOf(app)).interval === 10 || serverOf(app));
  for (const [app, address] of [[apps[0], OTHER], [apps[1], ONE]]) {
    await until("a long silence", async () => (await serverOf(app)).hears[address] > 7 || serverOf(app));
    await until("the next heartbeat", async () => (await serverOf(app)).hears[address] < 2 || serverOf(app));
  }
  client.disconnect();
});
