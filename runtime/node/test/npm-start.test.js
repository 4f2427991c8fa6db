// An Express app as images start it: by npm, into which NODE_OPTIONS loads the runtime as well.
"use strict";

const assert = require("assert");
const { execFile, execFileSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test, before, after, afterEach } = require("node:test");
const { App, ROOT } = require("./support/app.js");
const { assertApart, assertJoined } = require("./support/broadcast.js");
const { disconnects } = require("./support/disconnects.js");
const { RedisServer } = require("./support/redis.js");

// npm as in a container: without settings of this machine's user
const ENV = { npm_config_userconfig: "/dev/null", npm_config_update_notifier: "false", npm_config_logs_max: "0", SOCKETIO_DRAIN_SECONDS: "2" };
const AS_PID_1 = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
let redis;
before(async () => (redis = await RedisServer.start()));
afterEach(() => App.stopAll());
after(() => redis.stop());

for (const script of ["start", "start:ts"]) {
  const how = { command: ["npm", "run", script], env: ENV };

  test(`npm run ${script}: broadcasts cross two processes, and npm itself is left alone`, async () => {
    const { apps: [app], status } = await assertJoined("express", { ...how, adapter: "redis", redis });
    assert.notStrictEqual(status.pid, app.process.pid);
    assert.deepStrictEqual(app.facts, [...new Set(app.facts)]);
    const others = app.log.split("\n").filter((line) => line && !line.startsWith("[socketio-runtime] "));
    assert.match(others.join("\n"), /^> start.*\n> .*\nport \d+$/);
  });

  test(`npm run ${script}, control: without the runtime they do not cross`, () => assertApart("express", how));
}

const group = (pid) => process.kill(-pid, "SIGTERM");
const leader = (pid) => process.kill(pid, "SIGTERM");
const child = (pid) => process.kill(Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")), "SIGTERM");

for (const [who, args, kill] of [
  ["the process group", ["start", "--script-shell=dash"], group],
  ["the process group, which npm passes on once more,", ["run", "start:exec"], group],
  ["npm, which runs tsx,", ["run", "start:ts"], leader],
]) {
  test(`npm ${args.join(" ")}: SIGTERM to ${who} drains`, async () => {
    const app = await App.start("express", { command: ["npm", ...args], env: ENV });
    const { milliseconds } = await disconnects(app, kill);
    assert.ok(milliseconds > 1000, `all closed within ${milliseconds} ms`);
    assert.match(app.log, /drain: 10 connections closed, 0 left/);
  });
}

test("npm as PID 1: SIGTERM drains if the shell gives way to the app", async () => {
  const app = await App.start("express", { command: [...AS_PID_1, "npm", "run", "start:exec"], env: ENV });
  const { exit, milliseconds } = await disconnects(app, child);
  assert.ok(milliseconds > 1000, `all closed within ${milliseconds} ms`);
  assert.match(app.log, /drain: 10 connections closed, 0 left/);
  assert.deepStrictEqual(exit, { code: 0, signal: null }, app.log);
});

const UNDER_DASH = [...AS_PID_1, "npm", "start", "--script-shell=dash"];

test("npm as PID 1, below a shell: the hook before the signal drains", async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const env = { ...ENV, SOCKETIO_RUNTIME_TOKEN_FILE: path.join(folder, "token") };
  fs.writeFileSync(env.SOCKETIO_RUNTIME_TOKEN_FILE, "a-token\n");
  fs.mkdirSync(path.join(folder, "bin"));
  execFileSync("sh", ["-c", `cp "$(command -v busybox)" ${folder}/bin/busybox`]);
  fs.copyFileSync(path.join(ROOT, "..", "pre-stop.sh"), path.join(folder, "pre-stop.sh"));
  const app = await App.start("express", { command: UNDER_DASH, env });
  const { milliseconds } = await disconnects(app, (pid) => {
    const hook = [path.join(folder, "bin", "busybox"), "sh", path.join(folder, "pre-stop.sh"), "0"];
    execFile(hook[0], hook.slice(1), { env: { ...env, SOCKETIO_RUNTIME_PORT: app.sidePort } }, () => child(pid));
  });
  assert.ok(milliseconds > 1000, `all closed within ${milliseconds} ms`);
  assert.match(app.log, /drain: 10 connections closed, 0 left/);
});

// npm passes the signal to its shell alone. Debian's waits for its child: it ends, npm ends, and with PID 1 everything.
test("control: without the hook the shell takes the signal, and nothing is drained", async (t) => {
  t.diagnostic(`npm ${execFileSync("npm", ["--version"], { env: { PATH: process.env.PATH, ...ENV }, encoding: "utf8" }).trim()}`);
  const app = await App.start("express", { command: UNDER_DASH, env: ENV });
  const { milliseconds } = await disconnects(app, child);
  assert.ok(milliseconds < 1000, `closed over ${milliseconds} ms`);
  assert.doesNotMatch(app.log, /drain/);
});
