"use strict";

const assert = require("assert");
const crypto = require("crypto");
const { once } = require("events");
const http = require("http");
const net = require("net");
const path = require("path");
const { test } = require("node:test");
const { addressOf } = require("../lib/sessions/address.js");
const { Peers } = require("../lib/sessions/peers.js");
const { Seal } = require("../lib/sessions/seal.js");
const { Sessions } = require("../lib/sessions/index.js");
const { ROOT } = require("./support/app.js");
const { Pods, TOKEN, KEY } = require("./support/pods.js");

const vectors = require(path.join(ROOT, "..", "session-id-vectors.json"));
const PLACE = { address: "10.1.2.3:9400", process: 17, engine: 2 };
const HOSTILE = 100_000;

test("ids are sealed as the Python runtime seals them", () => {
  for (const { key, id, location, sid } of vectors) {
    const place = { ...location, address: addressOf(location.address, location.port) };
    delete place.port;
    assert.strictEqual(new Seal(key).close(id, place), sid);
    assert.deepStrictEqual(new Seal(key).open(sid), place);
  }
});

test("an id tells nothing without the key, and no part of one can be used for another", () => {
  const seal = new Seal(KEY);
  const sid = seal.close("an-id", PLACE);
  assert.deepStrictEqual(seal.open(sid), PLACE);
  assert.strictEqual(new Seal("another key").open(sid), undefined);
  assert.strictEqual(seal.open(sid.replace("an-id", "my-id")), undefined);
  // the same place gives another text for each id
  const texts = new Set(Array.from({ length: 100 }, (_, i) => seal.close(`id-${i}`, PLACE).split(".")[1].slice(-10)));
  assert.strictEqual(texts.size, 100);
});

/** Ids that somebody without the key may try: noise, bits of a real one turned, parts put together anew. */
function* hostileIds(real) {
  const text = Buffer.from(real);
  for (let i = 0; i < HOSTILE; i++) {
    if (i % 4 === 0) yield crypto.randomBytes(i % 80).toString(i % 8 === 0 ? "base64url" : "latin1");
    else if (i % 4 === 1) yield `${crypto.randomBytes(15).toString("base64url")}.${crypto.randomBytes(i % 8 === 1 ? 27 : 39).toString("base64url")}`;
    else if (i % 4 === 2) {
      const turned = Buffer.from(text);
      turned[crypto.randomInt(text.length)] ^= 1 << crypto.randomInt(7);
      yield turned.toString("latin1");
    } else yield `${real.slice(0, crypto.randomInt(real.length))}${real.slice(crypto.randomInt(real.length))}`;
  }
}

/** An engine that answers unknown sessions as engine.io does, and what its requests cost. */
function engineOf(sessions) {
  const engine = { clients: {}, opts: { pingInterval: 1, pingTimeout: 1 }, generateId: () => "id", handled: 0 };
  engine.handleRequest = () => (engine.handled += 1);
  engine.handleUpgrade = () => {};
  if (sessions) sessions.adopt(engine);
  return engine;
}

test("100,000 hostile ids: none is dialled, each is answered as an unknown session", (t) => {
  const forwarded = [];
  const settings = { sessions: { key: KEY, address: "10.0.0.1:9400", peers: ["localhost"] } };
  const sessions = new Sessions(settings, { metrics: { forwarded: (...what) => forwarded.push(what) } });
  sessions.peers.has = (address) => assert.fail(`asked for ${address}`);
  const engine = engineOf(sessions);
  const real = new Seal(KEY).close("a-real-id-of-theirs", PLACE);
  const seen = [real];
  const start = process.hrtime.bigint();
  let count = 0;
  for (const sid of hostileIds(real)) {
    if (seen.includes(sid)) continue;
    count += 1;
    engine.handleRequest({ url: `/socket.io/?EIO=4&transport=polling&sid=${count % 2 ? sid : encodeURIComponent(sid)}` }, {});
  }
  const each = Number(process.hrtime.bigint() - start) / 1000 / count;
  t.diagnostic(`${each.toFixed(1)} µs an id, the making of it included`);
  assert.deepStrictEqual([engine.handled, forwarded], [count, []]);
});

test("an old id of a pod that is gone, whose address is somebody else's now: not dialled", async () => {
  const dialled = [];
  const stranger = net.createServer((socket) => dialled.push(socket.destroy())).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  const peers = new Peers({ own: "127.0.0.9:1", names: ["127.0.0.9"], heartbeats: () => undefined });
  await peers.start();
  assert.strictEqual(await peers.has(`127.0.0.1:${stranger.address().port}`), false);
  await peers.stop();
  stranger.close();
  assert.deepStrictEqual(dialled, []);
});

test("only who proves to be of the cluster gets a tunnel, and the proof is for one pod and one minute", async (t) => {
  const cluster = await Pods.start(2);
  t.after(() => cluster.stop());
  const proof = (address, token, time) => `Peer ${time}.${crypto.createHmac("sha256", token).update(`peer ${address} ${time}`).digest("hex")}`;
  const [own, other] = cluster.apps.map(({ sidePort }) => `127.0.0.1:${sidePort}`);
  const ask = (authorization) => new Promise((resolve, reject) => {
    const headers = { connection: "upgrade", upgrade: "socketio-runtime", ...(authorization ? { authorization } : {}) };
    const request = http.request({ host: "127.0.0.1", port: cluster.apps[0].sidePort, path: "/peer", headers, agent: false });
    request.on("response", ({ statusCode }) => resolve(statusCode)).on("error", reject);
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    request.end();
  });
  const now = Date.now();
  assert.strictEqual(await ask(proof(own, TOKEN, now)), 101);
  for (const authorization of [undefined, `Bearer ${TOKEN}`, "Peer x", proof(own, "wrong", now), proof(other, TOKEN, now), proof(own, TOKEN, now - 61_000),
    proof(own, TOKEN, now + 61_000), proof(own, TOKEN, now).replace(String(now), String(now + 1)), `${proof(own, TOKEN, now)}0`]) {
    assert.strictEqual(await ask(authorization), 401, String(authorization));
  }
  for (const { log } of cluster.apps) assert.ok(!log.includes(TOKEN) && !log.includes(KEY));
});
