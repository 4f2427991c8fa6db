// node main.mjs PORT HOST ADDRESS,ADDRESS CLIENTS_EACH SOURCE...
// The host is at each of these addresses: connections take them in turn.
// As many clients that poll, that speak WebSocket and that upgrade; the addresses beyond them are the senders'. Prints
// {"ready":true}. Then each line of its input is a command, answered by a line of JSON: "begin"; "wait COUNT", until so many
// more numbers were sent; "end SECONDS", which waits at most that long until nothing is missing and tells what each client
// saw since the beginning. Ends at the end of its input.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./client.mjs";
import { Senders } from "./senders.mjs";

const KINDS = ["polling", "websocket", "upgrade"];
const ROOMS = ["red", "green", "blue", "white", "black", "grey"];
const AT_ONCE = 20;
const CONNECT_MS = 60_000;

const [port, host, addresses, each, ...sources] = process.argv.slice(2);
const url = `http://${host}:${port}`;
const own = sources.splice(0, KINDS.length * each);
const at = addresses.split(",");
const senders = new Senders({ url, at, sources, rooms: ROOMS });
const delay = monitorEventLoopDelay({ resolution: 10 });
const clients = [];
let begun = 0;

const late = setTimeout(() => {
  print({ error: `only ${clients.filter(({ socket }) => socket.connected).length} of ${own.length} clients connected` });
  process.exit(1);
}, CONNECT_MS);
for (const [index, source] of own.entries()) {
  // By thirds, not in turn: which room and which address a client has must not depend on its kind.
  const kind = KINDS[Math.floor(index / each)];
  clients.push(new Client({ kind, source, room: ROOMS[index % ROOMS.length], url, at, onNumber: (number) => senders.heard.add(number) }));
  if (clients.length % AT_ONCE === 0) await Promise.all(clients.map((client) => client.connected));
}
await Promise.all(clients.map((client) => client.connected));
await senders.start();
clearTimeout(late);
delay.enable();
print({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  const [command, amount] = line.split(" ");
  if (command === "begin") begin();
  if (command === "wait") print(await wait(Number(amount)));
  if (command === "end") print(await end(Number(amount)));
}
process.exit(0);

function begin() {
  begun = Date.now();
  delay.reset();
  senders.begin();
  for (const client of clients) client.begin();
  print({ begun: true });
}

async function wait(count) {
  const last = senders.last + count;
  while (senders.last < last) await sleep(20);
  return { last };
}

async function end(seconds) {
  const ended = Date.now();
  const sent = () => senders.until(ended);
  while (Date.now() - ended < seconds * 1000) {
    const expected = sent();
    if (clients.every((client) => client.settled && missing(client, expected).length === 0)) break;
    await sleep(100);
  }
  const expected = sent();
  const seen = clients.map((client) => {
    const lacks = missing(client, expected);
    const lost = lacks.filter(({ taken }) => taken).map(({ number }) => number);
    // Heard by somebody, so the broker had it.
    const missed = lacks.filter(({ number }) => senders.heard.has(number)).map(({ number }) => number);
    return { ...client.report(), lost, missed };
  });
  return { sent: expected.length, milliseconds: Date.now() - begun, pause: Math.round(delay.max / 1e6), clients: seen };
}

/** What of it was for this client and did not come. */
function missing(client, expected) {
  return expected.filter(({ number, room }) => (room ?? client.room) === client.room && !client.has(number));
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
