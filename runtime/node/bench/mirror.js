// What it costs that sessions are stored while they live: the same app with the mirror on and off, Redis Streams.
//   node bench/mirror.js [--rounds 9] [--seconds 2]
// Both run at once and are loaded by turns, as fast as they go. Prints Markdown.
"use strict";

const { parseArgs } = require("util");
const { WebSocket } = require("ws");
const { App } = require("../test/support/app.js");
const { RedisServer } = require("../test/support/redis.js");
const { table } = require("./markdown.js");
const { cpuMs } = require("./processor-time.js");
const { median, quantile } = require("./statistics.js");

const AT_ONCE = 50;
const STANDING = 200;
const WARM_UP_SECONDS = 2;

/** A bare WebSocket session in the main namespace. */
async function connect(app) {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  await new Promise((resolve, reject) => socket.on("message", (data) => {
    const text = String(data);
    if (text[0] === "0") socket.send("40");
    if (text.startsWith("40")) resolve();
  }).once("error", reject));
  return socket;
}

const end = (socket) => new Promise((resolve) => socket.once("close", resolve).close());

function ask(socket, what) {
  const answered = new Promise((resolve) => socket.once("message", resolve));
  socket.send(`420${JSON.stringify(what)}`);
  return answered;
}

// what is done over and over: (app, one of its standing sessions) -> one time
const OPERATIONS = {
  "connect, then leave": async (app) => end(await connect(app)),
  "join a room, then leave it": async (app, socket) => {
    await ask(socket, ["join", "room"]);
    await ask(socket, ["leave", "room"]);
  },
};

class Side {
  static async start(url, mirror) {
    const side = new Side();
    const env = { SOCKETIO_ADAPTER: "redis-streams", SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_ADAPTER_PREFIX: `mirror-${mirror}`, SOCKETIO_RECOVERY_MS: "120000" };
    side.app = await App.start("v4.8", { env: { ...env, SOCKETIO_RUNTIME_MIRROR: mirror, APP_OPTIONS: JSON.stringify({ pingInterval: 3_600_000 }) } });
    await side.app.ready();
    side.sockets = [];
    while (side.sockets.length < STANDING) side.sockets.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => connect(side.app)))));
    return side;
  }

  /** @returns {Promise<{rate: number, cpu: number}>} operations a second, and the app's processor time for one in ms */
  async take(operation, seconds) {
    const before = cpuMs(this.app.process.pid);
    const start = performance.now();
    let count = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => {
      for (let turn = i; performance.now() - start < seconds * 1000; turn += AT_ONCE) {
        await operation(this.app, this.sockets[turn % STANDING]);
        count += 1;
      }
    }));
    return { rate: (count * 1000) / (performance.now() - start), cpu: (cpuMs(this.app.process.pid) - before) / count };
  }
}

async function main() {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "9" }, seconds: { type: "string", default: "2" } } });
  const redis = await RedisServer.start();
  const sides = [await Side.start(redis.url, "off"), await Side.start(redis.url, "on")];
  const rows = [];
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const pairs = [];
    for (const side of sides) await side.take(operation, WARM_UP_SECONDS);
    for (let round = 0; round < Number(values.rounds); round++) {
      const pair = [];
      // each goes first in turn
      for (const index of round % 2 ? [1, 0] : [0, 1]) pair[index] = await sides[index].take(operation, Number(values.seconds));
      pairs.push(pair);
    }
    for (const [measure, unit, digits] of [["rate", "/s", 0], ["cpu", " ms CPU", 3]]) {
      const differences = pairs.map(([off, on]) => (on[measure] / off[measure] - 1) * 100);
      const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => `${quantile(differences, share).toFixed(1)} %`);
      rows.push([name, ...[0, 1].map((side) => `${median(pairs.map((pair) => pair[side][measure])).toFixed(digits)}${unit}`), `**${middle}** (${low} to ${high})`]);
    }
  }
  console.log(table(["median", "mirror off", "mirror on", "difference: median (quartiles)"], rows));
  await App.stopAll();
  await redis.stop();
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
