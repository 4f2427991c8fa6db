"use strict";

const assert = require("assert");
const fs = require("fs");
const http = require("http");
const net = require("net");
const os = require("os");
const path = require("path");
const { once } = require("events");
const { setTimeout: delay } = require("timers/promises");
const { test, afterEach } = require("node:test");
const { SidePort, LIMITS } = require("../lib/port/side-port.js");
const { App } = require("./support/app.js");
const { freePort } = require("./support/port.js");
const { until } = require("./support/until.js");

// as far apart as a request's time and the time between two requests really are
const SHORT = { requestMs: 400, idleMs: 3000 };

afterEach(() => App.stopAll());

/** A connection on which requests are written and answers read. */
class Peer {
  static async connect(port) {
    const peer = new Peer();
    peer.socket = net.connect(port, "127.0.0.1").on("error", () => {});
    peer.text = "";
    peer.socket.on("data", (data) => (peer.text += data));
    peer.closed = once(peer.socket, "close").then(() => performance.now());
    await once(peer.socket, "connect");
    return peer;
  }

  get answers() {
    return this.text.split("HTTP/1.1 200").length - 1;
  }

  async ask(route = "/healthz") {
    const { answers } = this;
    this.socket.write(`GET ${route} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until("an answer", () => this.answers === answers + 1 || this.text);
  }

  /** @returns {Promise<number>} milliseconds until the other side closes */
  async untilClosed(start = performance.now()) {
    return (await this.closed) - start;
  }
}

async function open(limits = SHORT, routes = new Map([["/healthz", { method: "GET", answer: (send) => send(200, { alive: true }) }]])) {
  const port = await freePort();
  const sidePort = new SidePort(routes, { port, host: "127.0.0.1" }, { limits });
  sidePort.open();
  await until("the side port", () => Peer.connect(port).then(({ socket }) => Boolean(socket.destroy())));
  return { port, sidePort };
}

test("who asks every 30 seconds does so on one connection", () => assert.ok(LIMITS.idleMs >= 90_000, `${LIMITS.idleMs} ms`));

test("a connection is kept between its requests for longer than a request may take, and no longer than that", async () => {
  const { port } = await open();
  const peer = await Peer.connect(port);
  for (let i = 0; i < 3; i++) {
    await peer.ask();
    await delay(2 * SHORT.requestMs);
  }
  assert.strictEqual(peer.answers, 3);
  const kept = await peer.untilClosed();
  assert.ok(kept > SHORT.requestMs && kept < SHORT.idleMs + 2500, `closed after ${kept} ms`);
});

for (const [what, before, text] of [
  ["says nothing at all", false, ""],
  ["says a part of a head", false, "GET /healthz HTTP/1.1\r\nx: "],
  ["says a part of a head after an answer", true, "GET /healthz HTTP/1.1\r\nx: "],
  ["says a part of a body after an answer", true, "POST /drain HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"],
]) {
  test(`who ${what} is cut off soon`, async () => {
    const drain = { method: "POST", authorized: async () => true, answer: (send) => send(202, {}) };
    const { port } = await open(SHORT, new Map([["/healthz", { method: "GET", answer: (send) => send(200, {}) }], ["/drain", drain]]));
    const peer = await Peer.connect(port);
    if (before) await peer.ask();
    const start = performance.now();
    // a byte now and then does not help
    peer.socket.write(text);
    const drip = text && setInterval(() => peer.socket.writable && peer.socket.write("x"), 100);
    const closed = await peer.untilClosed(start);
    clearInterval(drip);
    assert.ok(closed < SHORT.idleMs, `closed after ${closed} ms`);
  });
}

test("kept connections are bounded in number: the one that has been silent longest goes", async () => {
  const { port, sidePort } = await open();
  const [first, second] = [await Peer.connect(port), await Peer.connect(port)];
  await first.ask();
  await second.ask();
  await first.ask();
  const others = [];
  while (!second.socket.destroyed && others.length < 80) {
    const other = await Peer.connect(port);
    await other.ask();
    others.push(other);
  }
  assert.ok(second.socket.destroyed && !first.socket.destroyed);
  assert.strictEqual(sidePort.sockets.size, 64);
});

test("a process that drains keeps no connection", async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, "token");
  fs.writeFileSync(file, "token");
  for (const workers of ["1", "2"]) {
    const app = await App.start("v4.8", { env: { SOCKETIO_RUNTIME_TOKEN_FILE: file, SOCKETIO_WORKERS: workers } });
    await app.ready();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const kept = await Peer.connect(app.sidePort);
    await kept.ask();
    const start = performance.now();
    const request = http.request({ port: app.sidePort, path: "/drain", method: "POST", agent, headers: { authorization: "Bearer token" } });
    request.end(JSON.stringify({ seconds: 0 }));
    const [answer] = await once(request, "response");
    answer.resume();
    assert.deepStrictEqual([answer.statusCode, answer.headers.connection], [202, "close"]);
    assert.ok((await kept.untilClosed(start)) < 2000);
    assert.strictEqual((await app.ask("/status")).body.draining, true);
  }
});
