"use strict";

const assert = require("node:assert");
const net = require("node:net");
const { test } = require("node:test");
const { Listed, ADDRESSES, PATH } = require("./support/listed.js");
const { App } = require("./support/app.js");
const { freePort } = require("./support/port.js");
const { until } = require("./support/until.js");
const { urlOf } = require("../lib/discovery/list.js");

async function listed(t, ...how) {
  const servers = await Listed.start(...how);
  t.after(() => servers.stop());
  return servers;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("the list, and that it is there once only", async (t) => {
  const servers = await listed(t);
  const first = await servers.list();
  assert.deepEqual([first.status, first.urls, first.weights], [200, servers.urls(...ADDRESSES), [1, 1, 1]]);
  assert.equal(first.headers["cache-control"], "no-cache");
  assert.equal(first.headers["access-control-allow-origin"], "*");
  assert.match(first.etag, /^"[0-9a-f]{16}-[0-9a-f]{16}"$/);
  const again = await servers.list({ from: ADDRESSES[1], etag: first.etag });
  assert.deepEqual([again.status, again.etag], [304, first.etag]);
  await servers.apps.get(ADDRESSES[0]).client({ url: servers.urls(ADDRESSES[0])[0] });
  await until("the weights", async () => (await servers.list({ etag: first.etag })).weights.join() === "1,2,2");
});

test("who waits hears of a drain, an end and a new server within 3 s", async (t) => {
  const servers = await listed(t);
  const wakes = async (what, act, expected) => {
    const { etag } = await servers.list();
    const waiting = servers.list({ etag, wait: 20 });
    await pause(300);
    const began = Date.now();
    await act();
    const acted = Date.now();
    const woken = await waiting;
    assert.deepEqual([woken.status, woken.urls], [200, servers.urls(...expected)], what);
    t.diagnostic(`${what}: ${Date.now() - began} ms, of which ${acted - began} ms to do it`);
    assert.ok(Date.now() - acted < 3000, what);
  };
  await wakes("drain", () => servers.drain(ADDRESSES[1]), [ADDRESSES[0], ADDRESSES[2]]);
  await wakes("end", () => servers.apps.get(ADDRESSES[2]).stop(), [ADDRESSES[0]]);
  await wakes("start", () => servers.add(ADDRESSES[2]), [ADDRESSES[0], ADDRESSES[2]]);
});

test("control: nothing comes or goes, and who waits hears that at the end, of weights as well", async (t) => {
  const servers = await listed(t);
  const { etag } = await servers.list();
  const waited = await servers.list({ etag, wait: 6 });
  assert.equal(waited.status, 304);
  assert.ok(waited.seconds >= 6 && waited.seconds < 7, `${waited.seconds} s`);
  const waiting = servers.list({ etag, wait: 3 });
  await servers.apps.get(ADDRESSES[0]).client({ url: servers.urls(ADDRESSES[0])[0] });
  const weighed = await waiting;
  assert.deepEqual([weighed.status, weighed.weights], [200, [1, 2, 2]]);
  assert.ok(weighed.seconds >= 3, "a weight wakes nobody");
});

test("free room up to the limit is the weight", async (t) => {
  const servers = await listed(t, [ADDRESSES[0]], { SOCKETIO_MAX_CONNECTIONS: "40" });
  await servers.apps.get(ADDRESSES[0]).client({ url: servers.urls(ADDRESSES[0])[0] });
  await until("the weight", async () => (await servers.list()).weights.join() === "39");
});

test("several workers are one server", async (t) => {
  const servers = await listed(t, [ADDRESSES[0]], { SOCKETIO_WORKERS: "2" });
  assert.deepEqual((await servers.list()).urls, servers.urls(ADDRESSES[0]));
});

test("without a template nobody listens", async (t) => {
  const servers = await listed(t, [ADDRESSES[0]], { SOCKETIO_RUNTIME_DISCOVERY_URL: "" });
  await assert.rejects(servers.list(), { code: "ECONNREFUSED" });
});

test("the list is at its own port, and nothing else is", async (t) => {
  const servers = await listed(t, [ADDRESSES[0]]);
  const port = servers.listPort;
  for (const path of ["/metrics", "/status", "/readyz", "/drain", "/shed", "/", "/socket.io/"]) {
    assert.equal((await servers.ask(ADDRESSES[0], path, { port })).status, 404, path);
  }
  assert.equal((await servers.ask(ADDRESSES[0], PATH, { port, method: "POST", body: "x".repeat(100_000) })).status, 405);
  assert.equal((await servers.ask(ADDRESSES[0], PATH, { port, headers: { "content-length": 3 }, body: "abc" })).status, 413);
  assert.equal((await servers.ask(ADDRESSES[0], PATH)).status, 404);
  const preflight = await servers.ask(ADDRESSES[0], PATH, { port, method: "OPTIONS" });
  const { "access-control-allow-headers": headers, "access-control-allow-origin": origin } = preflight.headers;
  assert.deepEqual([preflight.status, headers, origin], [204, "If-None-Match", "*"]);
});

test("many may wait, and the rest are answered at once", async (t) => {
  const servers = await listed(t, [ADDRESSES[0]]);
  const { etag } = await servers.list();
  const answers = await Promise.all(Array.from({ length: 1100 }, () => servers.list({ etag, wait: 6 })));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([304]));
  assert.equal(answers.filter(({ seconds }) => seconds >= 6).length, 1024);
});

test("all who wait are told, and a flood of silent connections takes no place from them", async (t) => {
  const servers = await listed(t);
  const { etag } = await servers.list();
  const waiting = Array.from({ length: 600 }, () => servers.list({ etag, wait: 30 }));
  await pause(1000);
  const silent = Array.from({ length: 1500 }, () => net.connect(servers.listPort, ADDRESSES[0]).on("error", () => {}));
  t.after(() => silent.forEach((socket) => socket.destroy()));
  await pause(300);
  const asked = Date.now();
  assert.equal((await servers.list()).status, 200);
  t.diagnostic(`answered beside 1500 silent connections in ${Date.now() - asked} ms`);
  // long before the time of the silent ones is over
  assert.ok(Date.now() - asked < 3000);
  const began = Date.now();
  await servers.drain(ADDRESSES[1]);
  const told = await Promise.all(waiting);
  t.diagnostic(`600 were told in ${Date.now() - began} ms`);
  assert.ok(Date.now() - began < 3000);
  for (const { status, urls } of told) assert.deepEqual([status, urls], [200, servers.urls(ADDRESSES[0], ADDRESSES[2])]);
});

test("who asks again while it waits is cut off; a tag that a proxy made weak is known", async (t) => {
  const servers = await listed(t, [ADDRESSES[0]]);
  const { etag } = await servers.list();
  const weak = await servers.list({ etag: `W/${etag}`, wait: 2 });
  assert.deepEqual([weak.status, weak.seconds >= 2], [304, true]);
  const request = `GET ${PATH}?wait=60 HTTP/1.1\r\nhost: x\r\nif-none-match: ${etag}\r\n\r\n`;
  const socket = net.connect(servers.listPort, ADDRESSES[0], () => socket.write(request));
  let closed = false;
  socket.on("error", () => {}).on("close", () => (closed = true)).resume();
  await pause(1000);
  assert.equal(closed, false);
  socket.write(request);
  await until("the end", () => closed, 3);
});

test("the app's port is the app's", async (t) => {
  const port = await freePort();
  const places = { APP_PORT: port, SOCKETIO_RUNTIME_APP_PORT: port, SOCKETIO_RUNTIME_DISCOVERY_PORT: port };
  const app = await App.start("v4.8", { env: { ...places, SOCKETIO_RUNTIME_DISCOVERY_URL: "http://{address}", SOCKETIO_RUNTIME_PEERS: "127.0.0.1" } });
  t.after(() => app.stop());
  await app.client();
  assert.match(app.log, /discovery port \d+: taken by the app, clients are told of no servers/);
});

test("a port that is taken harms nobody, and is tried again", async (t) => {
  const servers = await listed(t, []);
  const other = net.createServer().listen(servers.listPort, ADDRESSES[0]);
  await servers.add(ADDRESSES[0]);
  assert.match(servers.apps.get(ADDRESSES[0]).log, /discovery port \d+: EADDRINUSE, tried again every 5 s/);
  other.close();
  await until("the list", () => servers.list().then(({ status }) => status === 200, () => false), 8);
});

test("templates", () => {
  assert.equal(urlOf("http://{address}:3000", "10.1.2.3"), "http://10.1.2.3:3000");
  assert.equal(urlOf("http://{address}:3000", "fd00:0:0::1"), "http://[fd00::1]:3000");
  assert.equal(urlOf("https://{dashed}.chat.example", "10.1.2.3"), "https://10-1-2-3.chat.example");
  assert.equal(urlOf("https://{dashed}.chat.example", "fd00::1"), "https://fd00--1.chat.example");
});
