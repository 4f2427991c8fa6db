"use strict";

const { setTimeout: delay } = require("timers/promises");
const { App } = require("../test/support/app.js");
const { until } = require("../test/support/until.js");
const { Arrivals, Source } = require("./arrivals.js");
const { Broker, OUTAGES } = require("./brokers.js");

const PER_SECOND = 200;
const AROUND_MS = 2000;
// what waits for its turn after an outage may pause
const SILENCE_MS = 4000;
const POLL_MS = 25;

/**
 * Two processes of a chat with the runtime, one client that sends numbered broadcasts to the first of them, one that
 * listens there ("same") and one on the other process ("other"); meanwhile the broker has an outage.
 * @param {string} adapter
 * @param {keyof OUTAGES} outage
 * @returns {Promise<{sent: number, same: object, other: object, died: number, dropped: number, apartMs?: number,
 *   wholeMs: number}>}
 *   same, other: see Arrivals; dropped: what the first process says that it dropped; apartMs: from the outage until
 *   the last process says that it is apart (undefined: one never did); wholeMs: from the broker's first answer until both
 *   processes say that they are subscribed
 */
async function outageRun(adapter, outage) {
  const { befall, members } = OUTAGES[outage];
  const broker = await Broker.start(adapter, members);
  try {
    const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: broker.url };
    const apps = await Promise.all([App.start("v4.8", { env }), App.start("v4.8", { env })]);
    return await observe(apps, broker, befall);
  } finally {
    await App.stopAll();
    await broker.remove();
  }
}

async function observe(apps, broker, befall) {
  await Promise.all(apps.map((app) => app.ready()));
  const [speaker, same, other] = await Promise.all([apps[0], apps[0], apps[1]].map((app) => app.client()));
  const arrivals = [same, other].map((client) => new Arrivals(client, "said"));
  const logs = apps.map((app) => new SubscriptionLog(app));
  const source = new Source((number) => speaker.emit("say", String(number)), PER_SECOND);
  await delay(AROUND_MS);
  const began = performance.now();
  await befall(broker, delay);
  const answered = performance.now();
  // a moment in which each process may still notice it
  await delay(AROUND_MS);
  await until("subscriptions", () => logs.every((log) => log.subscribedNow()) || apps.map((app) => app.log), 60);
  await delay(AROUND_MS);
  source.stop();
  await until("silence", () => arrivals.every(({ lastAt }) => performance.now() - lastAt > SILENCE_MS), 60);
  logs.forEach((log) => log.stop());
  return {
    sent: source.sentAt.length,
    same: arrivals[0].account(source.sentAt),
    other: arrivals[1].account(source.sentAt),
    died: apps.filter((app) => app.ended).length,
    dropped: Number(/^socketio_runtime_broker_dropped_total (\d+)$/m.exec((await apps[0].ask("/metrics")).body)[1]),
    apartMs: latest(logs.map((log) => log.apartAfter(began)), began),
    wholeMs: Math.max(0, latest(logs.map((log) => log.lastChange()), answered)),
  };
}

function latest(times, since) {
  return times.includes(undefined) ? undefined : Math.max(...times) - since;
}

/** Asks /status again and again whether the process is subscribed, and keeps the changes. */
class SubscriptionLog {
  constructor(app) {
    this.app = app;
    /** @type {{at: number, subscribed: boolean}[]} */
    this.changes = [];
    this.asking = true;
    this.#askOn();
  }

  async #askOn() {
    while (this.asking) {
      const subscribed = await this.app.ask("/status").then(({ body }) => body.servers[0].adapter.subscribed, () => false);
      if (subscribed !== this.subscribedNow()) this.changes.push({ at: performance.now(), subscribed });
      await delay(POLL_MS);
    }
  }

  subscribedNow() {
    return this.changes.length > 0 && this.changes[this.changes.length - 1].subscribed;
  }

  apartAfter(time) {
    return (this.changes.find(({ at, subscribed }) => at >= time && !subscribed) || {}).at;
  }

  lastChange() {
    return this.changes[this.changes.length - 1].at;
  }

  stop() {
    this.asking = false;
  }
}

module.exports = { outageRun, PER_SECOND };
