"use strict";

const net = require("net");

/**
 * A TCP proxy before Redis that can hold back what Redis answers: on the connection that reads the stream, or on the one
 * that commands are sent by from the moment a certain command passes.
 */
class Gate {
  static async open(port) {
    const gate = new Gate();
    gate.target = port;
    gate.links = new Set();
    gate.server = net.createServer((near) => gate.#join(near));
    await new Promise((resolve) => gate.server.listen(0, "127.0.0.1", resolve));
    gate.url = `redis://127.0.0.1:${gate.server.address().port}`;
    return gate;
  }

  #join(near) {
    if (this.closed) return near.destroy();
    const link = { near, far: net.connect(this.target, "127.0.0.1"), reader: false, held: undefined };
    this.links.add(link);
    near.on("data", (chunk) => {
      if (/xread\r/i.test(chunk)) link.reader = true;
      this.#trap(link, chunk);
      link.far.write(chunk);
    });
    link.far.on("data", (chunk) => (link.held ? link.held.push(chunk) : near.write(chunk)));
    for (const [one, other] of [[near, link.far], [link.far, near]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.links.delete(link);
        other.destroy();
      });
    }
  }

  #trap(link, chunk) {
    const { trap } = this;
    if (!trap || link.reader || !String(chunk).includes(trap.command)) return;
    trap.left -= 1;
    if (trap.left > 0) return;
    link.held = [];
    this.trap = undefined;
    trap.sprung();
  }

  /** Holds the answers on the commands' connection from the n-th such command on. Resolves when that is the case. */
  holdFrom(command, n) {
    return new Promise((sprung) => (this.trap = { command, left: n, sprung }));
  }

  holdReader() {
    for (const link of this.links) if (link.reader) link.held = [];
  }

  cutReader() {
    for (const { reader, near } of this.links) if (reader) near.destroy();
  }

  /** Cuts the connection whose answers are held. */
  cutHeld() {
    for (const { held, near } of this.links) if (held) near.destroy();
  }

  /** Redis is away: connections are cut, and new ones refused, until `reopen`. */
  shut() {
    this.closed = true;
    for (const { near } of this.links) near.destroy();
  }

  reopen() {
    this.closed = false;
  }

  release() {
    for (const link of this.links) {
      for (const chunk of link.held || []) link.near.write(chunk);
      link.held = undefined;
    }
  }

  close() {
    for (const { near } of this.links) near.destroy();
    this.server.close();
  }
}

module.exports = { Gate };
