import { Agent } from "node:http";
import { io } from "socket.io-client";

const TRANSPORTS = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const COUNT_INTERVAL_MS = 2000;
export const ACK_MS = 20_000;

/** What a host's name means to one client: the next address at each connection. */
function inTurn(addresses) {
  let turn = Math.floor(Math.random() * addresses.length);
  return (name, options, done) => {
    const address = addresses[turn++ % addresses.length];
    return options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
  };
}

/** One client from an address of its own, and what happened to it since begin(). */
export class Client {
  #seen = new Set();
  #counted = 0; // how often the server has counted this session, as far as this client knows
  #pending = 0;
  #lastEvent = Date.now();

  /** `at` are addresses of the URL's host; `onNumber` is called with each number that arrives. */
  constructor({ kind, source, room, url, at, onNumber }) {
    Object.assign(this, { kind, source, room, onNumber });
    this.begin();
    // The router sees the source address; keep-alive would tie polling to one connection.
    const agent = new Agent({ localAddress: source, keepAlive: false, lookup: inTurn(at) });
    const transports = TRANSPORTS[kind];
    this.socket = io(url, {
      forceNew: true,
      agent,
      withCredentials: true, // keeps cookies
      transports,
      auth: { room },
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
    });
    this.socket.on("number", (number) => this.#heard(number));
    this.socket.on("disconnect", (reason, details) => this.#left(reason, details));
    this.socket.io.on("reconnect_error", (error) => this.#tell(`not back: ${error.message} ${told(error)}`));
    this.connected = new Promise((resolve) => this.socket.once("connect", resolve));
    this.connected.then(() => {
      this.socket.on("connect", () => this.#back());
      setTimeout(() => setInterval(() => this.#count(), COUNT_INTERVAL_MS), Math.random() * COUNT_INTERVAL_MS);
    });
  }

  /** What is told from here on is told from zero; what was seen stays seen. */
  begin() {
    this.begun = this.#lastEvent = Date.now();
    this.seenNow = { cuts: [], recovered: 0, fresh: 0, doubled: [], gap: 0, answered: 0, unanswered: 0, forgotten: 0, story: [] };
  }

  has(number) {
    return this.#seen.has(number);
  }

  /** Nothing is under way: connected, every call answered. */
  get settled() {
    return this.socket.connected && this.#pending === 0;
  }

  report() {
    const { kind, source, room } = this;
    const gap = Math.max(this.seenNow.gap, Date.now() - this.#lastEvent);
    const transport = this.socket.io.engine?.transport?.name ?? "none";
    return { kind, source, room, ...this.seenNow, gap, transport, connected: this.socket.connected };
  }

  #heard(number) {
    const now = Date.now();
    this.seenNow.gap = Math.max(this.seenNow.gap, now - this.#lastEvent);
    this.#lastEvent = now;
    if (this.#seen.has(number)) {
      this.seenNow.doubled.push(number);
      this.#tell(`${number} again`);
    }
    this.#seen.add(number);
    this.onNumber(number);
  }

  #left(reason, details) {
    this.seenNow.cuts.push(Date.now() - this.begun);
    this.#tell(`left: ${reason} ${told(details)}`);
  }

  #back() {
    if (this.socket.recovered) this.seenNow.recovered++;
    else {
      this.seenNow.fresh++;
      this.#counted = 0;
    }
    this.#tell(this.socket.recovered ? "back, recovered" : "back, new");
  }

  /** Asks the server to count; one call at a time, so that a cut takes at most one along. */
  #count() {
    if (this.#pending > 0) return;
    this.#pending++;
    this.socket.timeout(ACK_MS).emit("count", (error, count) => {
      this.#pending--;
      if (error) {
        this.seenNow.unanswered++;
        return this.#tell(`a call not answered: ${error.message}`);
      }
      this.seenNow.answered++;
      if (count <= this.#counted) {
        this.seenNow.forgotten = Math.max(this.seenNow.forgotten, this.#counted + 1 - count);
        this.#tell(`the server counts ${count}, after ${this.#counted}`);
      }
      this.#counted = count;
    });
  }

  #tell(what) {
    this.seenNow.story.push(`${Date.now() - this.begun} ms ${what.trim()}`);
  }
}

/** What engine.io-client knows of an error: the HTTP status and the answer's beginning. */
function told(error) {
  const { status, responseText } = error?.context ?? {};
  return [status, responseText, error?.description?.message ?? error?.description].filter(Boolean).join(" ").slice(0, 120);
}
