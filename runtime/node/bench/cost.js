// What the runtime costs: the same app without and with it. Prints Markdown. In a round both run at once and are loaded in
// turns of a second, so that a change of the machine's speed falls on both; a round is one pair of values.
//   node bench/cost.js [--compare control,none,redis] [--rounds 9] [--turns 3] [--starts 20]
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const { parseArgs } = require("util");
const { freePort } = require("../test/support/port.js");
const { RedisServer } = require("../test/support/redis.js");
const { AppProcess, Load, scrape, leaveAppCore } = require("./cost-processes.js");
const { table } = require("./markdown.js");
const { median, quantile } = require("./statistics.js");

const CLIENTS = 50;
const RATE = 2000;
const TURN_SECONDS = 1;
const TURNS_BETWEEN_SCRAPES = 5;
const SIDES = ["without", "with"];
const SECRET_FILE = path.join(os.tmpdir(), `socketio-runtime-cost-${process.pid}`);
const PRELOAD = path.join(__dirname, "..", "preload.cjs");

// what the same app is without and with the runtime: name -> (Redis) -> environments.
// The control has the runtime on neither side: its differences are the error of the measurement.
const COMPARISONS = {
  control: { title: "control: the same app twice, without", bare: true, without: () => ({}), with: () => ({}) },
  none: { title: "in-memory adapter", without: () => ({}), with: () => ({ SOCKETIO_ADAPTER: "none" }) },
  redis: {
    title: "Redis adapter: the app's own, and the runtime's",
    without: (url) => ({ BENCH_REDIS_URL: url }),
    // with the same prefix each side would get the broadcasts of the other one
    with: (url) => ({ SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: url, SOCKETIO_ADAPTER_PREFIX: "socketio2" }),
  },
};

// how a measure is shown: its unit, its digits, and whether a difference is a share of the value
const MEASURES = [
  { name: "echo", title: "echoes at saturation", unit: "/s", digits: 0, relative: true },
  { name: "echoCpu", title: "CPU for an echo", unit: "µs", digits: 2, relative: true },
  { name: "broadcast", title: `deliveries of broadcasts at saturation`, unit: "/s", digits: 0, relative: true },
  { name: "broadcastCpu", title: "CPU for a delivery", unit: "µs", digits: 2, relative: true },
  { name: "busy", title: "the app's CPU during both (100 % is one core)", unit: "%", digits: 0, relative: false },
  { name: "p99", title: `99th percentile of an echo at ${RATE}/s`, unit: "ms", digits: 2, relative: false },
  { name: "rss", title: "memory (RSS) after the load", unit: "MiB", digits: 1, relative: false },
  { name: "start", title: "start until it listens", unit: "ms", digits: 0, relative: false },
];

async function main() {
  const { values } = parseArgs({
    options: {
      compare: { type: "string", default: Object.keys(COMPARISONS).join(",") },
      rounds: { type: "string", default: "9" },
      turns: { type: "string", default: "3" },
      starts: { type: "string", default: "20" },
    },
  });
  const [rounds, turns, starts] = [values.rounds, values.turns, values.starts].map(Number);
  leaveAppCore();
  fs.writeFileSync(SECRET_FILE, "a secret of the cluster");
  const redis = await RedisServer.start();
  try {
    for (const name of values.compare.split(",")) {
      const samples = await compare(COMPARISONS[name], redis.url, { rounds, turns, starts });
      console.log(`\n### ${COMPARISONS[name].title} (${rounds} rounds, ${starts} pairs of starts)\n\n${report(samples)}`);
    }
  } finally {
    await redis.stop();
    fs.rmSync(SECRET_FILE);
  }
}

/** @returns {Promise<{without: object[], with: object[]}>} samples by measure; equal places belong together */
async function compare(comparison, url, { rounds, turns, starts }) {
  const samples = { without: [], with: [] };
  for (let round = 0; round < rounds; round++) {
    const pair = await measure(comparison, url, turns, inTurn(round));
    for (const side of SIDES) samples[side].push(pair[side]);
    console.error(`round ${round + 1} of ${rounds}: ${JSON.stringify(pair)}`);
  }
  for (let pair = 0; pair < starts; pair++) {
    for (const side of SIDES) samples[side][pair] = { ...samples[side][pair], start: await startTime(await environment(comparison, side, url)) };
  }
  return samples;
}

async function environment(comparison, side, url) {
  const env = comparison[side](url);
  if (side === "without" || comparison.bare) return { env };
  const port = await freePort();
  // everything on, as in a pod
  const runtime = {
    NODE_OPTIONS: `--require ${PRELOAD}`, SOCKETIO_RUNTIME_PORT: port, SOCKETIO_RUNTIME_HOST: "127.0.0.1", SOCKETIO_DRAIN_SECONDS: "3",
    SOCKETIO_RUNTIME_ADDRESS: "127.0.0.1", SOCKETIO_RUNTIME_PEERS: "localhost", SOCKETIO_RUNTIME_TOKEN_FILE: SECRET_FILE, SOCKETIO_RUNTIME_SESSION_KEY_FILE: SECRET_FILE,
  };
  return { port, env: { ...env, ...runtime } };
}

// each goes first in turn
function inTurn(number) {
  return number % 2 ? [...SIDES].reverse() : SIDES;
}

/** @returns {Promise<{without: object, with: object}>} a value for each measure; `order`: in which they are started */
async function measure(comparison, url, turns, order) {
  const sides = {};
  try {
    for (const side of order) sides[side] = await Side.start(await environment(comparison, side, url));
    for (const phase of PHASES) for (const side of order) await sides[side].warmUp(phase);
    for (let turn = 0; turn < turns; turn++) {
      for (const phase of PHASES) for (const side of inTurn(turn)) await sides[side].take(phase);
    }
    return Object.fromEntries(SIDES.map((side) => [side, sides[side].values()]));
  } finally {
    for (const side of Object.values(sides)) await side.stop();
  }
}

const PHASES = ["echo", "broadcast", "latency"];
const WARM_UP_SECONDS = 2;

/** One app, its clients, and what was measured so far. */
class Side {
  static async start({ env, port }) {
    const side = new Side();
    side.app = await AppProcess.start(env);
    side.load = new Load();
    side.port = port;
    side.turns = 0;
    /** phase -> sums over its turns */
    side.sums = { echo: { count: 0, seconds: 0, cpuMs: 0 }, broadcast: { count: 0, seconds: 0, cpuMs: 0 } };
    side.p99s = [];
    await side.load.run("connect", { port: side.app.port, count: CLIENTS });
    // the first time loads what the later ones use
    if (port) await scrape(port);
    return side;
  }

  warmUp(phase) {
    return this.load.run(phase, { seconds: WARM_UP_SECONDS, rate: RATE });
  }

  async take(phase) {
    if (this.port && ++this.turns % TURNS_BETWEEN_SCRAPES === 0) scrape(this.port);
    const cpuMs = this.app.cpuMs();
    const result = await this.load.run(phase, { seconds: TURN_SECONDS, rate: RATE });
    if (phase === "latency") return this.p99s.push(result);
    const sum = this.sums[phase];
    sum.count += result.count;
    sum.seconds += result.seconds;
    return (sum.cpuMs += this.app.cpuMs() - cpuMs);
  }

  values() {
    const { echo, broadcast } = this.sums;
    const perMessage = ({ cpuMs, count }) => (cpuMs * 1000) / count;
    const busy = (100 * (echo.cpuMs + broadcast.cpuMs)) / (1000 * (echo.seconds + broadcast.seconds));
    return {
      echo: echo.count / echo.seconds, echoCpu: perMessage(echo), broadcast: broadcast.count / broadcast.seconds, broadcastCpu: perMessage(broadcast),
      busy, p99: median(this.p99s), rss: this.app.rssMiB(),
    };
  }

  stop() {
    this.load.stop();
    return this.app.stop();
  }
}

async function startTime({ env }) {
  const app = await AppProcess.start(env);
  await app.stop();
  return app.startMs;
}

function report(samples) {
  const rows = MEASURES.map(({ name, title, unit, digits, relative }) => {
    const [without, others] = [samples.without, samples.with].map((side) => side.map((sample) => sample[name]).filter((value) => value !== undefined));
    const differences = without.map((value, pair) => (relative ? (others[pair] / value - 1) * 100 : others[pair] - value));
    const show = (value) => `${value.toFixed(digits)} ${unit}`;
    const signed = (value) => `${value > 0 ? "+" : ""}${value.toFixed(relative ? 1 : digits)}`;
    const spread = `${signed(quantile(differences, 0.25))} to ${signed(quantile(differences, 0.75))}`;
    return [title, show(median(without)), show(median(others)), `**${signed(median(differences))} ${relative ? "%" : unit}** (${spread})`];
  });
  return table(["median", "without", "with", "difference: median (quartiles)"], rows);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
