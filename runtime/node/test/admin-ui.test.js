// The admin UI of Socket.IO, asked for by the environment: its own package on a server that knows nothing of it.
"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App } = require("./support/app.js");
const { RedisServer } = require("./support/redis.js");
const { until } = require("./support/until.js");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-test-"));
const SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE = path.join(folder, "password");
const RIGHT = { username: "admin", password: "of these tests" };
const asked = { SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE };
let redis;
before(async () => {
  fs.writeFileSync(SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE, `${RIGHT.password}\n`);
  redis = await RedisServer.start();
});
afterEach(() => App.stopAll());
after(async () => {
  await redis.stop();
  fs.rmSync(folder, { recursive: true });
});

async function started(version, env) {
  const app = await App.start(version, { env: { ...asked, ...env } });
  await until("the admin UI", () => /admin UI: /.test(app.log) || app.log);
  return app;
}

/** Connects as the admin UI does. @returns {Promise<object>} {socket, heard}, or the message of the refusal */
function admin(app, auth, options = {}) {
  return new Promise((resolve) => {
    const socket = require("socket.io-client").io(`${app.url}/admin`, { forceNew: true, reconnection: false, transports: ["websocket"], auth, ...options });
    app.clients.push(socket);
    const heard = {};
    socket.onAny((event, ...args) => (heard[event] = [...(heard[event] || []), args]));
    socket.on("connect", () => resolve({ socket, heard }));
    socket.on("connect_error", ({ message }) => resolve(message));
    app.exit.then(() => resolve("the process ended"));
  });
}

for (const version of ["v4.4", "v4.6", "v4.8"]) {
  test(`socket.io ${version.slice(1)}: who has the password sees both servers, and can change nothing`, async () => {
    const adapter = { SOCKETIO_ADAPTER: "redis", SOCKETIO_RUNTIME_BROKER_URL: redis.url, SOCKETIO_ADAPTER_PREFIX: `admin-${version}` };
    const apps = await Promise.all([started(version, adapter), started(version, adapter)]);
    await Promise.all(apps.map((app) => app.ready()));
    const [client] = await Promise.all(apps.map((app) => app.client()));
    const { socket, heard } = await admin(apps[0], RIGHT);
    await until("statistics of both", () => new Set((heard.server_stats || []).map(([{ pid }]) => pid)).size === 2 || heard);
    assert.ok(heard.server_stats.every(([{ clientsCount }]) => clientsCount >= 1));
    assert.deepStrictEqual(heard.config, [[{ supportedFeatures: ["AGGREGATED_EVENTS"] }]]);
    let said = 0;
    client.on("said", () => (said += 1));
    socket.emit("emit", "/", undefined, "said", "hello");
    socket.emit("_disconnect", "/", true);
    const { socket: later } = await admin(apps[0], RIGHT);
    assert.deepStrictEqual([later.connected, client.connected, said], [true, true, 0]);
  });
}

test("unless it is to change something", async () => {
  const app = await started("v4.8", { SOCKETIO_RUNTIME_ADMIN_READ_ONLY: "off", SOCKETIO_RUNTIME_ADMIN_MODE: "development", SOCKETIO_RUNTIME_ADMIN_USERNAME: "ops" });
  const client = await app.client();
  const { socket, heard } = await admin(app, { ...RIGHT, username: "ops" });
  await until("the sockets", () => Boolean(heard.all_sockets && heard.all_sockets[0][0].some(({ id }) => id === client.id)) || heard);
  socket.emit("_disconnect", "/", false, client.id);
  await until("the client's end", () => client.disconnected);
});

const WRONG = [
  {}, { username: "admin" }, { username: "admin", password: null }, { username: "admin", password: {} }, { username: "admin", password: ["of these tests"] },
  { username: "admin", password: "" }, { username: "admin", password: "of these tests " }, { username: "Admin", password: RIGHT.password },
  { password: RIGHT.password }, { sessionId: "x" }, { sessionId: ["x"] }, { sessionId: "x", username: "admin" }, { username: ["admin"], password: RIGHT.password },
];

test("nobody else gets in, and no credentials end the process", async () => {
  const app = await started("v4.8");
  for (const auth of WRONG) assert.strictEqual(await admin(app, auth), "invalid credentials", JSON.stringify(auth));
  assert.strictEqual((await app.ask("/healthz")).status, 200);
  assert.ok(!app.log.includes(RIGHT.password));
  assert.strictEqual(typeof (await admin(app, RIGHT)), "object");
});

test("a password that is missing or empty keeps it closed", async () => {
  fs.writeFileSync(path.join(folder, "empty"), "\n");
  for (const [file, why] of [["empty", "its password is empty"], ["nowhere", "ENOENT"]]) {
    const app = await started("v4.8", { SOCKETIO_RUNTIME_ADMIN_PASSWORD_FILE: path.join(folder, file) });
    assert.match(app.log, new RegExp(`admin UI: ${why}, it stays closed`));
    assert.strictEqual(await admin(app, RIGHT), "Invalid namespace");
  }
});

test("socket.io 4.1, which the package would end, is left alone", async () => {
  const app = await started("v4.1");
  assert.match(app.log, /admin UI: socket\.io 4\.1\.\d+ is older than 4\.4, it stays closed/);
  assert.strictEqual(await admin(app, RIGHT), "Invalid namespace");
});

test("control: without the variable there is none", async () => {
  const app = await App.start("v4.8");
  assert.strictEqual(await admin(app, RIGHT), "Invalid namespace");
});
