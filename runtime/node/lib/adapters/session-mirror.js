"use strict";

const { closeAtOnce } = require("../servers/close-at-once.js");
const { log } = require("../log.js");

const TICK_MS = 100;
// clients that go at about the same time are written together
const LAST_MS = 10;
const RENEW_MS = 20_000;
const BATCH = 200;
const LAST_STATES = 10_000;
const PAUSE_MS = 1000;
// of each tick, for looking whether the app changed the data of sessions
const LOOK_MS = 1;

/**
 * Keeps the sessions of one namespace in the broker while they live, so that they are restored elsewhere even after a
 * process that had no time to say anything. A session is written soon after it connects, at most every 100 ms when its
 * rooms or data change, and expires by itself.
 */
class SessionMirror {
  /**
   * @param {object} about
   * @param {import("./session-store.js").SessionStore} about.store
   * @param {number} about.keptMs     longest time that a session is kept for its client
   * @param {boolean} about.live      whether sessions are written while they live, or when they are disconnected only
   * @param {() => boolean} about.reachable
   * @param {(socket: object) => object} about.more  what else is stored of a socket
   */
  constructor({ store, keptMs, live, reachable, more }) {
    Object.assign(this, { store, keptMs, live, reachable, more });
    /** sockets of this process -> what is known of what is stored: {data, renewAt} */
    this.sessions = new Map();
    /** sockets whose state is to be written */
    this.changed = new Set();
    /** states of sockets that are gone, not written yet: pid -> encoded state */
    this.last = new Map();
    this.pausedUntil = 0;
    /** the socket that is about to be disconnected: {socket, stored} */
    this.going = {};
    if (live) this.timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  connected(socket) {
    if (!this.live || !socket.pid) return;
    this.sessions.set(socket, { data: undefined, renewAt: 0 });
    this.changed.add(socket);
  }

  /** The socket's rooms have changed. */
  change(socket) {
    if (this.sessions.has(socket)) this.changed.add(socket);
  }

  /** What is stored of every session is to be written anew. */
  changeAll() {
    for (const socket of this.sessions.keys()) this.changed.add(socket);
  }

  /** The socket is about to be disconnected; `over`: for good. */
  disconnected(socket, over) {
    this.going = { socket, stored: (this.sessions.get(socket) || {}).state };
    this.sessions.delete(socket);
    this.changed.delete(socket);
    if (over && socket.pid) this.store.end(socket.pid, this.keptMs);
  }

  /** Stores the state that a socket has as its client goes, right after `disconnected`. */
  keep({ sid, pid, rooms, data }) {
    const { socket, stored } = this.going;
    if (!socket || socket.pid !== pid) return;
    const state = this.#encoded({ sid, pid, rooms, data, ...this.more(socket) });
    if (state === undefined || state === stored) return;
    this.#remember(pid, state);
    this.flushing = this.flushing || setTimeout(() => this.flush(), LAST_MS).unref();
  }

  /** Writes what is to be written now. */
  flush() {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    this.#flush();
  }

  close() {
    clearInterval(this.timer);
    this.flush();
  }

  #tick() {
    this.#look();
    this.flush();
  }

  // Goes round the sessions, within a share of the process's time: nothing tells that an app changed an object.
  #look() {
    const end = Date.now() + LOOK_MS;
    const now = Date.now();
    let left = this.sessions.size;
    for (const [socket, known] of this.sessions) {
      if (left-- === 0) return;
      // a Map keeps its order: the one that was looked at becomes the last
      this.sessions.delete(socket);
      this.sessions.set(socket, known);
      if (known.renewAt < now || asText(socket.data) !== known.data) this.changed.add(socket);
      if (left % 16 === 0 && Date.now() > end) return;
    }
  }

  #flush() {
    if (!this.reachable() || Date.now() < this.pausedUntil) return;
    const entries = [...this.last].map(([pid, state]) => ({ pid, state, milliseconds: this.keptMs }));
    this.last.clear();
    for (const socket of this.changed) {
      const entry = this.#entry(socket);
      if (entry) entries.push(entry);
    }
    this.changed.clear();
    for (let i = 0; i < entries.length; i += BATCH) this.#write(entries.slice(i, i + BATCH));
  }

  // A state that is stored already is only kept from expiring.
  #entry(socket) {
    const known = this.sessions.get(socket);
    known.data = asText(socket.data);
    known.renewAt = Date.now() + RENEW_MS * (0.5 + Math.random() / 2);
    const state = this.#encoded({ sid: socket.id, pid: socket.pid, rooms: [...socket.rooms], data: socket.data, ...this.more(socket) });
    if (state === undefined) return undefined;
    const same = state === known.state;
    known.state = state;
    return { socket, pid: socket.pid, state: same ? "" : state, milliseconds: this.keptMs + 2 * RENEW_MS };
  }

  #encoded(state) {
    try {
      return this.store.encode(state);
    } catch (error) {
      this.#report(`a session's data cannot be stored: ${error.message}`);
      return undefined;
    }
  }

  #report(what) {
    if (!this.reported) log(`recovery: ${what}`);
    this.reported = true;
  }

  #remember(pid, state) {
    if (this.last.size >= LAST_STATES) this.last.delete(this.last.keys().next().value);
    this.last.set(pid, state);
  }

  async #write(entries) {
    let results;
    try {
      results = await this.store.write(entries);
    } catch (error) {
      this.#report(`sessions cannot be stored, tried again: ${error.message}`);
      this.pausedUntil = Date.now() + PAUSE_MS;
      results = entries.map(() => "missing");
    }
    entries.forEach(({ socket, pid, state }, i) => {
      if (results[i] === "written") return;
      if (results[i] === "missing" && socket === undefined) this.#remember(pid, state);
      else if (results[i] === "missing") this.#again(socket);
      else if (socket && this.sessions.has(socket)) this.#elsewhere(socket);
    });
  }

  #again(socket) {
    const known = this.sessions.get(socket);
    if (!known) return;
    known.state = undefined;
    this.changed.add(socket);
  }

  // The client went on at another process and the connection here has not ended yet. It must not count any more.
  #elsewhere(socket) {
    this.disconnected(socket, false);
    closeAtOnce(socket.conn);
  }
}

function asText(data) {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

module.exports = { SessionMirror };
