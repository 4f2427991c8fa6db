"use strict";

const http = require("http");
const { headersOf, passedOn, headOf } = require("./headers.js");
const { dial } = require("./tunnel.js");

const UNKNOWN_SESSION = /Session ID unknown/;
const nothing = () => {};
const NOBODY = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

/**
 * The way to another process: of this pod by its Unix socket, of another pod by a tunnel.
 * @typedef {{socketPath: string} | {address: string}} Way
 */

/** Hands requests to the process that has their session, both ways as a stream, over connections that are kept. */
class Forwarder {
  /**
   * @param {object} about
   * @param {() => Promise<string | undefined>} about.token
   * @param {(address: string) => void} about.refused  called when nobody is at a peer's address
   */
  constructor({ token, refused }) {
    this.pods = new PodAgent(token, refused);
    this.processes = new http.Agent({ keepAlive: true });
    /** upgraded connections that pass through this process: each a function that ends it */
    this.joined = new Set();
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   * @param {Way} way
   * @param {{patience: number, lost: () => void, unknown?: () => void}} how  patience: milliseconds of silence until the
   *   process is given up; lost: called, if nothing was answered yet, when the process is not there; unknown: called when it
   *   answers that it does not know the session
   */
  request(request, response, way, { patience, lost, unknown = nothing }) {
    const forwarded = this.#open(request, way, lost);
    if (!forwarded) return;
    forwarded.setTimeout(patience, () => forwarded.destroy());
    forwarded.on("response", (answer) => {
      notice(answer, unknown);
      response.writeHead(answer.statusCode, answer.statusMessage, headersOf(answer.rawHeaders));
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    forwarded.on("error", () => {
      if (response.headersSent || response.destroyed) response.destroy();
      else lost();
    });
    response.on("close", () => forwarded.destroy());
    request.pipe(forwarded);
  }

  /** As `request`, for an upgrade: once it is answered bytes flow both ways. */
  upgrade(request, socket, head, way, { patience, lost, unknown = nothing }) {
    const forwarded = this.#open(request, way, lost);
    if (!forwarded) return;
    socket.on("error", () => forwarded.destroy());
    forwarded.setTimeout(patience, () => forwarded.destroy());
    forwarded.on("error", () => (socket.destroyed ? undefined : lost()));
    forwarded.on("response", (answer) => {
      notice(answer, unknown);
      socket.write(headOf(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ["Connection", "close", ...answer.rawHeaders]));
      answer.pipe(socket);
    });
    forwarded.on("upgrade", (answer, far, first) => {
      forwarded.setTimeout(0);
      far.setTimeout(0);
      socket.write(headOf(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, answer.rawHeaders));
      socket.write(first);
      far.write(head);
      this.#join(socket, far);
    });
    forwarded.end();
  }

  /** Ends what goes to that address: it is no peer any more. */
  cut(address) {
    this.pods.cut(address);
  }

  /** @returns {string[]} addresses that there are connections to */
  addresses() {
    return this.pods.addresses();
  }

  #open(request, way, lost) {
    const agent = way.socketPath ? this.processes : this.pods;
    try {
      return http.request({ ...way, agent, method: request.method, path: request.url, headers: passedOn(request) });
    } catch {
      // Node.js reads some requests that it refuses to write
      lost();
      return undefined;
    }
  }

  #join(near, far) {
    const end = () => {
      this.joined.delete(end);
      near.destroy();
      far.destroy();
    };
    this.joined.add(end);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.setTimeout(0);
      from.setNoDelay(true);
      from.on("error", end);
      from.on("close", end);
      from.pipe(to);
    }
  }
}

function notice(answer, unknown) {
  if (answer.statusCode === 400) answer.once("data", (text) => UNKNOWN_SESSION.test(text) && unknown());
}

/** Keeps tunnels to other pods, by address. */
class PodAgent extends http.Agent {
  constructor(token, refused) {
    super({ keepAlive: true, maxFreeSockets: 64 });
    this.token = token;
    this.refused = refused;
    /** address -> its open tunnels */
    this.tunnels = new Map();
  }

  getName({ address }) {
    return address;
  }

  createConnection({ address }, done) {
    this.#dial(address).then((socket) => done(null, socket), (error) => done(error));
  }

  async #dial(address) {
    const socket = await dial(address, (await this.token()) || "").catch((error) => {
      if (NOBODY.has(error.code)) this.refused(address);
      throw error;
    });
    const open = this.tunnels.get(address) || new Set();
    this.tunnels.set(address, open.add(socket));
    socket.once("close", () => open.delete(socket) && open.size === 0 && this.tunnels.delete(address));
    return socket;
  }

  addresses() {
    return [...this.tunnels.keys()];
  }

  cut(address) {
    for (const socket of this.tunnels.get(address) || []) socket.destroy();
  }
}

module.exports = { Forwarder };
