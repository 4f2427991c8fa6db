// Real socket.io clients over a rolling restart: node observe.mjs PORT HOST SOURCE...
// One client a source address, and one more that sends a numbered message every 50 ms. Prints "ready" when all are
// connected; ends at the end of its standard input and prints what each client saw, as JSON.
import { Agent } from "node:http";
import { io } from "socket.io-client";

const INTERVAL_MS = 50;
const CONNECT_MS = 20_000;
const SETTLE_MS = 3000;
const [port, host, ...sources] = process.argv.slice(2);

/** Not every resolver knows the names below localhost. */
function toLoopback(name, options, done) {
  return options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
}

class Observer {
  disconnects = [];
  recoveries = 0;
  fresh = 0;
  story = [];
  seen = new Map();

  constructor(source) {
    // The router sees the source address; keep-alive would tie polling to one connection.
    const agent = new Agent({ localAddress: source, keepAlive: false, lookup: toLoopback });
    this.socket = io(`http://${host}:${port}`, {
      forceNew: true,
      agent,
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
    });
    this.socket.on("message", ({ text }) => this.#heard(Number(text)));
    this.socket.on("disconnect", (reason) => this.#left(reason));
    this.socket.io.on("reconnect_error", (error) => this.#tell(`not back: ${error.message} (${error.context?.status ?? error.description})`));
    this.connected = new Promise((resolve) => this.socket.once("connect", resolve));
    this.connected.then(() => this.socket.on("connect", () => this.#back()));
  }

  #heard(number) {
    const times = [...(this.seen.get(number) ?? []), Date.now()];
    this.seen.set(number, times);
    if (times.length > 1) this.#tell(`message ${number} again, first at ${times[0]}`);
  }

  #left(reason) {
    this.disconnects.push(Date.now());
    this.#tell(`left: ${reason}`);
  }

  #back() {
    if (this.socket.recovered) this.recoveries++;
    else this.fresh++;
    this.#tell(this.socket.recovered ? "back, recovered" : "back, new");
  }

  #tell(what) {
    this.story.push(`${Date.now()} ${what}`);
  }

  report(first, last) {
    const lost = [];
    for (let number = first; number <= last; number++) if (!this.seen.has(number)) lost.push(number);
    const repeated = [...this.seen].filter(([, times]) => times.length > 1).map(([number]) => number);
    const { disconnects, recoveries, fresh, story } = this;
    return { disconnects, recoveries, fresh, story, lost, repeated, connected: this.socket.connected };
  }
}

const observers = sources.map((source) => new Observer(source));
const sender = new Observer(sources[0]);
const late = setTimeout(() => {
  console.log(`only ${[...observers, sender].filter(({ socket }) => socket.connected).length} clients connected`);
  process.exit(1);
}, CONNECT_MS);
await Promise.all([...observers, sender].map((observer) => observer.connected));
clearTimeout(late);

let number = 0;
const delivered = [];
const timer = setInterval(() => {
  const mine = ++number;
  // Only what a server took counts as sent.
  sender.socket.timeout(20_000).emit("message", { text: String(mine), from: "sender" }, (error) => error || delivered.push(mine));
}, INTERVAL_MS);
console.log("ready");

process.stdin.resume();
process.stdin.on("end", async () => {
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const taken = new Set(delivered);
  const clients = observers.map((observer) => observer.report(1, number));
  for (const client of clients) client.lost = client.lost.filter((missing) => taken.has(missing));
  console.log(JSON.stringify({ sent: delivered.length, clients }));
  process.exit(0);
});
