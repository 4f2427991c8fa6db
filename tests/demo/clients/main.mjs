// node main.mjs PORT HOST ADDRESS,ADDRESS SOURCE...
// The host is at each of these addresses: connections take them in turn. One client for each source, in turn one that polls,
// one that speaks WebSocket and one that upgrades. Prints a line once all are connected. At the end of its input it waits until
// all are connected again, and prints {"clients": n, "recovered": n, "fresh": n, "away": n, "cuts": n}.
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";

const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];
const BACK_MS = 20_000;

const [port, host, addresses, ...sources] = process.argv.slice(2);
const at = addresses.split(",");

function lookup(index) {
  let turn = index;
  return (name, options, done) => {
    const address = at[turn++ % at.length];
    return options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
  };
}

const clients = sources.map((localAddress, index) => {
  const agent = new Agent({ localAddress, keepAlive: false, lookup: lookup(index) });
  const transports = TRANSPORTS[index % TRANSPORTS.length];
  const socket = io(`http://${host}:${port}`, { forceNew: true, agent, withCredentials: true, transports, reconnectionDelayMax: 1000 });
  return { socket, seen: { cuts: 0, fresh: 0 } };
});
await Promise.all(clients.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve))));
for (const { socket, seen } of clients) {
  socket.on("disconnect", () => seen.cuts++);
  socket.on("connect", () => (seen.fresh += socket.recovered ? 0 : 1));
}
console.log("connected");

for await (const chunk of process.stdin) void chunk;
const end = Date.now() + BACK_MS;
while (Date.now() < end && !clients.every(({ socket }) => socket.connected)) await sleep(100);
const count = (holds) => clients.filter(holds).length;
console.log(JSON.stringify({
  clients: clients.length,
  recovered: count(({ socket, seen }) => socket.connected && seen.cuts > 0 && seen.fresh === 0),
  fresh: count(({ seen }) => seen.fresh > 0),
  away: count(({ socket }) => !socket.connected),
  cuts: clients.reduce((sum, { seen }) => sum + seen.cuts, 0),
}));
process.exit(0);
