// What heartbeats through the adapter cost a process: `node bench/heartbeats.js [seconds]`
// A process with heartbeats, and one without, for each adapter, all of them idle. The other pods' heartbeats are sent by the
// adapters' own packages, as those pods send them. Processor time is each process's own: it hardly depends on what else the
// machine does.
"use strict";

const { setTimeout: delay } = require("timers/promises");
const { Redis } = require("ioredis");
const { Server } = require("../test/apps/v4.8/node_modules/socket.io");
const { App } = require("../test/support/app.js");
const { RedisServer } = require("../test/support/redis.js");
const { until } = require("../test/support/until.js");
const { beat } = require("../lib/truth/carrier.js");
const { BEAT_MS, nextInterval } = require("../lib/truth/interval.js");
const { NAME } = require("../lib/truth/name.js");
const { table } = require("./markdown.js");
const { cpuMs } = require("./processor-time.js");

const SECONDS = Number(process.argv[2] || 60);
const PODS = [20, 100, 200];
const OWN = "10.0.0.1";

const ADAPTERS = {
  redis: (main, sub, prefix) => require("@socket.io/redis-adapter").createAdapter(main, sub, { key: prefix }),
  "redis-sharded": (main, sub, prefix) => require("@socket.io/redis-adapter").createShardedAdapter(main, sub, { channelPrefix: prefix }),
  "redis-streams": (main, sub, prefix) => require("@socket.io/redis-streams-adapter").createAdapter(main, { streamName: prefix, channelPrefix: prefix }),
};

/** Sends what that many pods would, once all have heard each other, evenly. @returns {() => void} ends it */
function others(count, adapter, prefix, url) {
  const [main, sub] = [new Redis(url), new Redis(url)];
  const io = new Server({ adapter: ADAPTERS[adapter](main, sub, prefix) });
  const namespace = io.of(NAME);
  let next = 0;
  const timer = setInterval(() => {
    beat(namespace, `10.0.1.${next % count}`, Date.now());
    next += 1;
  }, nextInterval(count, BEAT_MS) / count);
  return () => {
    clearInterval(timer);
    for (const { adapter: open } of [io.of("/"), namespace]) open.close();
    for (const client of [main, sub]) client.disconnect();
  };
}

function start(adapter, prefix, url, heartbeats) {
  const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_ADAPTER_PREFIX: prefix, SOCKETIO_RUNTIME_BROKER_URL: url };
  return App.start("v4.8", { env: { ...env, SOCKETIO_RUNTIME_ADDRESS: OWN, SOCKETIO_RUNTIME_HEARTBEATS: heartbeats } });
}

async function measure(count, redis) {
  const names = Object.keys(ADAPTERS);
  const runs = await Promise.all(names.map(async (adapter) => {
    const prefix = `${adapter}-${count}`;
    const [on, off] = await Promise.all([start(adapter, prefix, redis.url, "on"), start(adapter, `${prefix}-off`, redis.url, "off")]);
    return { adapter, on, off, end: others(count, adapter, prefix, redis.url) };
  }));
  for (const { adapter, on } of runs) {
    const heard = async () => Object.keys((await on.ask("/status")).body.servers[0].hears).length;
    await until(`${count} pods by ${adapter}`, async () => (await heard()) === count || heard(), 60);
  }
  // past what a process does at its start
  await delay(5000);
  const all = runs.flatMap(({ on, off }) => [on, off]);
  const before = all.map((app) => cpuMs(app.process.pid));
  const began = performance.now();
  await delay(SECONDS * 1000);
  const elapsed = performance.now() - began;
  const shares = all.map((app, i) => (100 * (cpuMs(app.process.pid) - before[i])) / elapsed);
  for (const { end } of runs) end();
  await App.stopAll();
  return runs.map(({ adapter }, i) => ({ adapter, count, on: shares[2 * i], off: shares[2 * i + 1] }));
}

async function main() {
  const redis = await RedisServer.start();
  const results = [];
  for (const count of PODS) results.push(...(await measure(count, redis)));
  await redis.stop();
  const percent = (share) => `${share.toFixed(2)} %`;
  const rows = results.map(({ adapter, count, on, off }) => [adapter, String(count), percent(off), percent(on), `**${percent(on - off)}**`]);
  console.log(table(["adapter", "other pods", "without heartbeats", "with", "difference"], rows));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
