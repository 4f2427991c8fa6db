"use strict";

const assert = require("assert");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { test } = require("node:test");
const { whyNot } = require("../lib/workers/program.js");
const { ROOT } = require("./support/app.js");

test("a program that cannot be the server is not touched", () => {
  const main = path.join(ROOT, "test", "apps", "v4.8", "app.cjs");
  const why = (program) => whyNot({ main, ipc: false, execArgv: [], ...program });
  assert.strictEqual(why({}), undefined);
  assert.match(why({ main: undefined }), /no main script/);
  assert.match(why({ main: path.join(ROOT, "test", "apps", "v4.8", "node_modules", "socket.io", "dist", "index.js") }), /belongs to a package/);
  assert.match(why({ ipc: true }), /started by another Node.js program/);
  assert.strictEqual(why({ ipc: true, execArgv: ["--require", "/app/node_modules/tsx/dist/preflight.cjs"] }), undefined);
});

test("Socket.IO is found behind a framework whose packages are kept apart, and not where there is none", (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "socketio-runtime-program-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const packages = path.join(folder, "store", "node_modules");
  const app = path.join(folder, "app");
  for (const name of ["framework", "socket.io"]) {
    fs.mkdirSync(path.join(packages, name), { recursive: true });
    fs.writeFileSync(path.join(packages, name, "index.js"), "");
  }
  fs.mkdirSync(path.join(app, "node_modules"), { recursive: true });
  fs.symlinkSync(path.join(packages, "framework"), path.join(app, "node_modules", "framework"));
  fs.writeFileSync(path.join(app, "main.js"), "");
  const program = { main: path.join(app, "main.js"), ipc: false, execArgv: [] };
  fs.writeFileSync(path.join(app, "package.json"), "{}");
  assert.match(whyNot(program), /socket.io cannot be found/);
  fs.writeFileSync(path.join(app, "package.json"), JSON.stringify({ dependencies: { framework: "1.0.0" } }));
  assert.strictEqual(whyNot(program), undefined);
});
