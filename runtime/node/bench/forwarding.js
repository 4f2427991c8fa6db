// What it costs that a request finds its session: two pods, 24 sessions each, an ask and its answer as fast as they go.
//   node bench/forwarding.js [--turns 5] [--seconds 2]
// All ways are taken by turns in one run, so that a change of the machine's speed falls on each. Processor time is that of
// both pods together. Prints Markdown.
"use strict";

const http = require("http");
const { parseArgs } = require("util");
const { WebSocket } = require("ws");
const { Pods } = require("../test/support/pods.js");
const { Polling } = require("../test/support/polling.js");
const { RedisServer } = require("../test/support/redis.js");
const { table } = require("./markdown.js");
const { cpuMs } = require("./processor-time.js");
const { median } = require("./statistics.js");

const SESSIONS = 24;
const CONNECTIONS = 8;
const ASK = '420["adapter"]';
// sessions that answer no ping would end during the other ways' turns
const APP_OPTIONS = JSON.stringify({ pingInterval: 3_600_000 });

/** A polling session; `urls`: where its requests go, by turns. */
class PollingClient {
  async open(home, urls, agent) {
    this.session = await new Polling(home).open(agent);
    Object.assign(this, { urls, agent, turn: 0 });
    await this.#request();
    return this;
  }

  #request(how) {
    this.session.url = this.urls[this.turn++ % this.urls.length];
    return this.session.request(this.agent, how);
  }

  async ask() {
    const answers = [await this.#request({ method: "POST", body: ASK }), await this.#request()];
    if (answers.some(({ status }) => status !== 200)) throw new Error(`answered ${answers.map(({ status }) => status)}`);
  }
}

/** A session that was opened by polling and upgraded; `by`: the pod that its WebSocket goes by. */
class UpgradedClient {
  async open(home, by, agent) {
    const { sid } = await new Polling(home).open(agent);
    this.socket = new WebSocket(`${by.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
    await new Promise((resolve, reject) => this.socket.once("open", resolve).once("error", reject));
    this.socket.send("2probe");
    await this.#next();
    this.socket.send("5");
    await this.#next();
    return this;
  }

  #next() {
    return new Promise((resolve) => this.socket.once("message", resolve));
  }

  ask() {
    const answered = this.#next();
    this.socket.send(ASK);
    return answered;
  }
}

const other = (urls, home) => urls[1 - urls.indexOf(home)];
const WAYS = {
  "polling, sticky": (home, urls, agent) => new PollingClient().open(home, [home], agent),
  "polling, round robin: half of the requests forwarded": (home, urls, agent) => new PollingClient().open(home, [home, home, other(urls, home), other(urls, home)], agent),
  "polling, every request forwarded": (home, urls, agent) => new PollingClient().open(home, [other(urls, home)], agent),
  "WebSocket, straight": (home, urls, agent) => new UpgradedClient().open(home, home, agent),
  "WebSocket, through the other pod": (home, urls, agent) => new UpgradedClient().open(home, other(urls, home), agent),
};

/** Clients of one way, and what was measured of them. */
class Way {
  static async open(make, urls) {
    const way = new Way();
    way.samples = [];
    const agent = new http.Agent({ keepAlive: true, noDelay: true, maxSockets: CONNECTIONS });
    way.clients = await Promise.all(Array.from({ length: 2 * SESSIONS }, (_, i) => make(urls[i % 2], urls, agent)));
    return way;
  }

  async take(seconds, pids) {
    const end = performance.now() + seconds * 1000;
    const before = pids.map(cpuMs);
    const times = [];
    const ask = async (client) => {
      const asked = performance.now();
      await client.ask();
      times.push(performance.now() - asked);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, async (_, i) => {
      for (let turn = i; performance.now() < end; turn += CONNECTIONS) await ask(this.clients[turn % this.clients.length]);
    }));
    const spent = pids.map(cpuMs).reduce((sum, each, i) => sum + each - before[i], 0);
    this.samples.push({ cpu: spent / times.length, rate: times.length / seconds, latency: median(times) });
  }

  of(name) {
    return median(this.samples.map((sample) => sample[name]));
  }
}

async function main() {
  const { values } = parseArgs({ options: { turns: { type: "string", default: "5" }, seconds: { type: "string", default: "2" } } });
  const redis = await RedisServer.start();
  const pods = await Pods.start(2, { env: { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, APP_OPTIONS } });
  const urls = pods.apps.map(({ url }) => url);
  const pids = pods.apps.map((app) => app.process.pid);
  const ways = new Map();
  for (const [name, make] of Object.entries(WAYS)) ways.set(name, await Way.open(make, urls));
  for (const way of ways.values()) await way.take(1, pids);
  for (const way of ways.values()) way.samples = [];
  for (let turn = 0; turn < Number(values.turns); turn++) for (const way of ways.values()) await way.take(Number(values.seconds), pids);
  const least = ways.get("polling, sticky").of("cpu");
  const rows = [...ways].map(([name, way]) => [name, `${way.of("cpu").toFixed(2)} ms`, (way.of("cpu") / least).toFixed(2), way.of("rate").toFixed(0), `${way.of("latency").toFixed(1)} ms`]);
  console.log(table(["way", "processor time of both pods for an ask and its answer", "to sticky polling", "asks/s", "median time"], rows));
  await pods.stop();
  await redis.stop();
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
