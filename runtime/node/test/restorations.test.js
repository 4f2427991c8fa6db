// What is kept for sessions that are being restored, whatever becomes of them.
"use strict";

const assert = require("assert");
const { test } = require("node:test");
const { Restorations } = require("../lib/adapters/restorations.js");

const KIB = 1024;
const opts = { rooms: [], except: [] };
const deliver = (restorations, number, bytes = KIB) => restorations.delivered(`1-${number}`, { packet: { data: [number] }, opts }, bytes);
const socketOf = (id) => {
  const got = [];
  return { id, rooms: new Set([id]), packet: ({ data }) => got.push(data[0]), got };
};

test("a socket gets what it missed, then what came meanwhile, each once", () => {
  const restorations = new Restorations();
  deliver(restorations, 1);
  const restoration = restorations.begin();
  deliver(restorations, 2);
  deliver(restorations, 3);
  restorations.read(restoration, { sid: "a", missed: [[1], [2]], bytes: 2, upTo: "1-2", early: [] });
  deliver(restorations, 4);
  const socket = socketOf("a");
  assert.strictEqual(restorations.connected(socket).upTo, "1-2");
  assert.deepStrictEqual(socket.got, [1, 2, 3, 4]);
  deliver(restorations, 5);
  assert.deepStrictEqual([restorations.entries.length, restorations.bytes], [0, 0]);
});

test("a restoration that a middleware refuses keeps 16 MiB at most, and 48,000 broadcasts later nothing", (t) => {
  const restorations = new Restorations();
  t.after(() => clearInterval(restorations.timer));
  restorations.read(restorations.begin(), { sid: "refused", missed: [], bytes: 0, upTo: "0-0", early: [] });
  let most = 0;
  for (let number = 0; number < 48_000; number++) {
    deliver(restorations, number);
    most = Math.max(most, restorations.bytes);
  }
  assert.ok(most <= 16 * KIB * KIB + KIB, String(most));
  assert.deepStrictEqual([restorations.entries.length, restorations.bytes], [0, 0]);
  // its client is sent away to come again, should it be let in after all
  assert.strictEqual(restorations.connected(socketOf("refused")), undefined);
});

test("a younger restoration outlives one that is given up", (t) => {
  const restorations = new Restorations();
  t.after(() => clearInterval(restorations.timer));
  restorations.read(restorations.begin(), { sid: "old", missed: [], bytes: 0, upTo: "0-0", early: [] });
  for (let number = 1; number <= 10; number++) deliver(restorations, number, KIB * KIB);
  restorations.read(restorations.begin(), { sid: "young", missed: [], bytes: 0, upTo: "1-10", early: [] });
  for (let number = 11; number <= 20; number++) deliver(restorations, number, KIB * KIB);
  assert.strictEqual(restorations.connected(socketOf("old")), undefined);
  const socket = socketOf("young");
  assert.ok(restorations.connected(socket));
  assert.deepStrictEqual(socket.got, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
});

test("one that nobody comes for is given up in time", async (t) => {
  const restorations = new Restorations();
  t.after(() => clearInterval(restorations.timer));
  const restoration = restorations.begin();
  restorations.read(restoration, { sid: "late", missed: [[1]], bytes: KIB, upTo: "1-1", early: [] });
  restoration.since -= 31_000;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.deepStrictEqual([restorations.open.size, restorations.waiting.size, restorations.bytes], [0, 0, 0]);
});
