"use strict";

const { App } = require("../test/support/app.js");
const { Switch } = require("../test/support/switch.js");
const { until } = require("../test/support/until.js");
const { Arrivals, Source } = require("./arrivals.js");
const { Broker } = require("./brokers.js");

const CLIENTS = 30;
const PER_SECOND = 100;
const DRAIN_SECONDS = "2";

/**
 * Three processes with the runtime; the first one's clients are moved to the second by a drain, while numbered broadcasts
 * come from the second and the third, in turns.
 * @param {string} adapter
 * @returns {Promise<{clients: number, recovered: number, sent: number, lost: number, twice: number}>} lost, twice: sums
 *   over all clients
 */
async function recoveryRun(adapter) {
  const broker = adapter === "none" ? undefined : await Broker.start(adapter);
  let proxy;
  try {
    const env = { SOCKETIO_ADAPTER: adapter, SOCKETIO_RUNTIME_BROKER_URL: broker ? broker.url : "", SOCKETIO_RECOVERY_MS: "60000", SOCKETIO_DRAIN_SECONDS: DRAIN_SECONDS };
    const apps = await Promise.all([1, 2, 3].map(() => App.start("v4.8", { env })));
    await Promise.all(apps.map((app) => app.ready()));
    proxy = await Switch.open(apps[0].port);
    return await observe(apps, proxy);
  } finally {
    await App.stopAll();
    if (proxy) proxy.close();
    if (broker) await broker.remove();
  }
}

async function observe(apps, proxy) {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => apps[0].client({ url: proxy.url })));
  const speakers = await Promise.all(apps.slice(1).map((app) => app.client()));
  const arrivals = clients.map((client) => new Arrivals(client, "said"));
  let recovered = 0;
  let moved = 0;
  for (const client of clients) {
    client.on("connect", () => {
      moved += 1;
      recovered += Number(Boolean(client.recovered));
    });
  }
  const source = new Source((number) => speakers[number % speakers.length].emit("say", String(number)), PER_SECOND);
  await until("events", () => source.sentAt.length > PER_SECOND);
  proxy.target = apps[1].port;
  apps[0].process.kill("SIGTERM");
  await until("every client on the other process", () => moved === CLIENTS || moved, 30);
  const after = source.sentAt.length;
  await until("events", () => source.sentAt.length > after + PER_SECOND);
  source.stop();
  await until("silence", () => arrivals.every(({ lastAt }) => performance.now() - lastAt > 2000), 30);
  const accounts = arrivals.map((each) => each.account(source.sentAt));
  const sum = (name) => accounts.reduce((total, account) => total + account[name], 0);
  return { clients: CLIENTS, recovered, sent: source.sentAt.length, lost: sum("lost"), twice: sum("twice") };
}

module.exports = { recoveryRun };
