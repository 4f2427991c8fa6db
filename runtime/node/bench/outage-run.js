"use strict";

const { setTimeout: delay } = require("timers/promises");
const { App } = require("../test/support/app.js");
const { until } = require("../test/support/until.js");
const { Arrivals, Source } = require("./arrivals.js");
const { Broker, OUTAGES } = require("./brokers.js");

const PER_SECOND = 200;
const AROUND_MS = 2000;
const SILENCE_MS = 2000;
const POLL_MS = 25;

/**
 * Two processes of a chat with the runtime, one client that sends numbered broadcasts to the first of them, one that
 * listens there ("same") and one on the other process ("other"); meanwhile the broker has an outage.
 * @param {string} adapter
 * @param {keyof OUTAGES} outage
 * @returns {Promise<{sent: number, same: object, other: object, died: number, notReadyMs?: number, readyMs: number}>}
 *   same, other: see Arrivals; notReadyMs: from the outage to the first 503 (undefined: none came); readyMs: from the
 *   broker's first answer until both processes are ready
 */
async function outageRun(adapter, outage) {
  const broker = await Broker.start(adapter);
  try {
    const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: broker.url };
    const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
    return await observe(apps, broker, OUTAGES[outage]);
  } finally {
    await App.stopAll();
    await broker.remove();
  }
}

async function observe(apps, broker, outage) {
  await Promise.all(apps.map((app) => app.ready()));
  const [speaker, same, other] = await Promise.all([apps[0], apps[0], apps[1]].map((app) => app.client()));
  const arrivals = [same, other].map((client) => new Arrivals(client, "said"));
  const readiness = apps.map((app) => new ReadinessLog(app));
  const source = new Source((number) => speaker.emit("say", String(number)), PER_SECOND);
  await delay(AROUND_MS);
  const began = performance.now();
  await outage(broker, delay);
  const answered = performance.now();
  // a moment in which each process may still turn not ready
  await delay(AROUND_MS);
  await until("readiness", () => readiness.every((log) => log.readyNow()) || apps.map((app) => app.log), 60);
  await delay(AROUND_MS);
  source.stop();
  await until("silence", () => arrivals.every(({ lastAt }) => performance.now() - lastAt > SILENCE_MS), 60);
  readiness.forEach((log) => log.stop());
  return {
    sent: source.sentAt.length,
    same: arrivals[0].account(source.sentAt),
    other: arrivals[1].account(source.sentAt),
    died: apps.filter((app) => app.ended).length,
    notReadyMs: latest(readiness.map((log) => log.firstAfter(began, false)), began),
    readyMs: Math.max(0, latest(readiness.map((log) => log.lastChange()), answered)),
  };
}

function latest(times, since) {
  return times.includes(undefined) ? undefined : Math.max(...times) - since;
}

/** Asks /readyz again and again and keeps the changes. */
class ReadinessLog {
  constructor(app) {
    this.app = app;
    /** @type {{at: number, ready: boolean}[]} */
    this.changes = [];
    this.asking = true;
    this.#askOn();
  }

  async #askOn() {
    while (this.asking) {
      const { status } = await this.app.ask("/readyz").catch(() => ({}));
      const ready = status === 200;
      if (ready !== this.readyNow()) this.changes.push({ at: performance.now(), ready });
      await delay(POLL_MS);
    }
  }

  readyNow() {
    return this.changes.length > 0 && this.changes[this.changes.length - 1].ready;
  }

  firstAfter(time, ready) {
    return (this.changes.find((change) => change.at >= time && change.ready === ready) || {}).at;
  }

  lastChange() {
    return this.changes[this.changes.length - 1].at;
  }

  stop() {
    this.asking = false;
  }
}

module.exports = { outageRun, PER_SECOND };
