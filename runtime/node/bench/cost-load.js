// The clients, in a process of their own: WebSockets that speak just enough of the Socket.IO protocol, so that the server
// is busy before they are. The parent sends {phase, ...} and gets {result} or {error}.
"use strict";

const { once } = require("events");
const { setTimeout: delay } = require("timers/promises");
const { WebSocket } = require("ws");
const { quantile } = require("./statistics.js");

const PAYLOAD = "x".repeat(64);
const UNDER_WAY = 4;
const CONNECT = "40";
const EVENT = "42";
const ACK = "43";
const PING = "2";
const PONG = "3";
const ignore = () => {};

/** One client; `onEvent` and `onAck(id)` are set by the phase that runs. */
class Client {
  static async connect(port) {
    const client = new Client();
    client.socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    client.onEvent = client.onAck = ignore;
    const joined = new Promise((resolve) => (client.onJoined = resolve));
    client.socket.on("message", (data) => client.#take(data.toString()));
    await once(client.socket, "open");
    client.socket.send(CONNECT);
    await joined;
    return client;
  }

  #take(text) {
    if (text.startsWith(EVENT)) this.onEvent();
    else if (text.startsWith(ACK)) this.onAck(parseInt(text.slice(ACK.length), 10));
    else if (text === PING) this.socket.send(PONG);
    else if (text.startsWith(CONNECT)) this.onJoined();
  }

  echo(id) {
    this.socket.send(`${EVENT}${id}["echo","${PAYLOAD}"]`);
  }

  say() {
    this.socket.send(`${EVENT}["say","${PAYLOAD}"]`);
  }
}

let clients = [];

const PHASES = {
  async connect({ port, count }) {
    clients = await Promise.all(Array.from({ length: count }, () => Client.connect(port)));
  },

  /** Every client has a few echoes under way: echoes answered. */
  async echo({ seconds }) {
    let answered = 0;
    for (const client of clients) {
      client.onAck = () => {
        answered += 1;
        client.echo(0);
      };
      for (let i = 0; i < UNDER_WAY; i++) client.echo(0);
    }
    const taken = await during(seconds, () => answered);
    for (const client of clients) client.onAck = ignore;
    return taken;
  },

  /** One client has a few broadcasts under way, all clients get them: events delivered. */
  async broadcast({ seconds }) {
    let delivered = 0;
    for (const client of clients) client.onEvent = () => (delivered += 1);
    const last = clients[clients.length - 1];
    last.onEvent = () => {
      delivered += 1;
      last.say();
    };
    for (let i = 0; i < UNDER_WAY; i++) last.say();
    const taken = await during(seconds, () => delivered);
    for (const client of clients) client.onEvent = ignore;
    return taken;
  },

  /** Echoes at a fixed rate: the 99th percentile of their time from sending to answer, in milliseconds. */
  async latency({ seconds, rate }) {
    const sentAt = [];
    const times = [];
    for (const client of clients) client.onAck = (id) => times.push(Number(process.hrtime.bigint() - sentAt[id]) / 1e6);
    const start = process.hrtime.bigint();
    const timer = setInterval(() => {
      const due = (Number(process.hrtime.bigint() - start) / 1e9) * rate;
      while (sentAt.length < due) {
        const id = sentAt.push(process.hrtime.bigint()) - 1;
        clients[id % clients.length].echo(id);
      }
    }, 1);
    await delay(seconds * 1000);
    clearInterval(timer);
    while (times.length < sentAt.length) await delay(10);
    for (const client of clients) client.onAck = ignore;
    return quantile(times, 0.99);
  },
};

/** @returns {Promise<{count: number, seconds: number}>} what was counted, in what time exactly */
async function during(seconds, counted) {
  const [from, start] = [counted(), process.hrtime.bigint()];
  await delay(seconds * 1000);
  return { count: counted() - from, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

process.on("message", ({ phase, ...how }) => {
  PHASES[phase](how).then((result) => process.send({ result }), (error) => process.send({ error: error.stack }));
});
process.once("disconnect", () => process.exit(0));
