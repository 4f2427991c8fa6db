"use strict";

const { ManagedServer } = require("./managed-server.js");

/** The Socket.IO Servers of this process, in order of creation. */
class Servers {
  constructor() {
    /** @type {Map<object, ManagedServer>} Socket.IO Server -> what we know of it */
    this.known = new Map();
    /** how many the process ever had */
    this.created = 0;
  }

  [Symbol.iterator]() {
    return this.known.values();
  }

  /** @returns {ManagedServer | undefined} */
  get(io) {
    return this.known.get(io);
  }

  /** @returns {ManagedServer} `about`: as its constructor takes it, without the index */
  add(io, about) {
    const managed = new ManagedServer(io, { ...about, index: ++this.created });
    this.known.set(io, managed);
    return managed;
  }

  delete(io) {
    this.known.delete(io);
  }

  /** @returns {number} transport connections of all of them, those being closed included */
  connections() {
    let sum = 0;
    for (const server of this) sum += server.connections();
    return sum;
  }
}

module.exports = { Servers };
