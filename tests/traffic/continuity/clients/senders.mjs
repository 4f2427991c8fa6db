import { ACK_MS, Client } from "./client.mjs";

const INTERVAL_MS = 200;

/**
 * Clients that send numbers in turn: at each tick one number to everyone and one to a room. `sent` tells of each number
 * when, to which room (null: everyone), and whether a server took it.
 */
export class Senders {
  sent = new Map();
  heard = new Set();
  last = 0;
  #tick = 0;

  constructor({ url, at, sources, rooms }) {
    this.rooms = rooms;
    this.clients = sources.map((source) => new Client({ kind: "websocket", source, room: "senders", url, at, onNumber: () => {} }));
  }

  async start() {
    await Promise.all(this.clients.map((client) => client.connected));
    setInterval(() => this.#send(), INTERVAL_MS);
  }

  /** Forgets what was sent before; an answer to it comes too late. */
  begin() {
    this.sent.clear();
  }

  /** The numbers sent up to a moment that a server took or somebody heard. */
  until(moment) {
    return [...this.sent.values()].filter(({ at, taken, number }) => at <= moment && (taken || this.heard.has(number)));
  }

  #send() {
    const tick = this.#tick++;
    const { length } = this.clients;
    // A sender that is being moved would hold its numbers back, which nobody could tell from a gap of the others.
    const order = Array.from({ length }, (_, step) => this.clients[(tick + step) % length]);
    const sender = order.find(({ socket }) => socket.connected);
    if (!sender) return;
    const room = this.rooms[tick % this.rooms.length];
    this.#emit(sender, null, "everyone");
    this.#emit(sender, room, "room", room);
  }

  #emit(sender, room, ...event) {
    const message = { number: ++this.last, at: Date.now(), room, taken: false };
    this.sent.set(message.number, message);
    sender.socket.timeout(ACK_MS).emit(...event, message.number, (error) => {
      message.taken = !error;
    });
  }
}
