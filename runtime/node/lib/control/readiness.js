"use strict";

const { notReady } = require("../port/pod.js");
const { Listening } = require("./listening.js");

// An app that listens first makes its Server soon; one that makes it with the first request has to get that request.
const SERVER_MS = 15_000;

/**
 * Whether new clients should be sent to this process.
 *
 * What all pods share, the broker, counts only until the process was first subscribed: when it goes away later, no pod is
 * better than another, and to take them all out would cut everybody. Nor does a pod that ends say no: Kubernetes takes it out
 * by itself, and a router that goes on to send it the requests of its sessions does right.
 */
class Readiness {
  /**
   * @param {import("../servers/index.js").Servers} servers
   * @param {import("./drain.js").Drain} drain
   * @param {number} [appPort]  where routers look
   */
  constructor(servers, drain, appPort) {
    this.servers = servers;
    this.drain = drain;
    this.listening = new Listening(appPort);
    /** the app's HTTP servers that listen */
    this.httpServers = new Set();
    /** Servers whose adapter once heard the other processes */
    this.joined = new WeakSet();
    /** when an HTTP server of the app first listened */
    this.since = undefined;
  }

  /** An HTTP server of the app listens. */
  listens(server) {
    this.httpServers.add(server);
    server.once("close", () => this.httpServers.delete(server));
    this.since ??= performance.now();
  }

  /**
   * @returns {{ready: boolean, reason?: string, message?: string, listens?: {port?: number, loopback?: boolean}}} reason:
   *   Draining, BrokerRefused, NotListening, ListensElsewhere, BrokerUnreachable, NotSubscribed or NoServer, which a ready
   *   process may have as well
   */
  state() {
    const all = [...this.servers];
    if (this.drain.draining && !this.drain.terminating) return notReady("Draining", "connections are being moved elsewhere");
    if (all.length === 0) return this.#withoutServer();
    // first, as an app may listen only when its adapter has answered
    if (all.some((server) => this.#refused(server))) return notReady("BrokerRefused", "the broker refuses the login: user or password of its URL are wrong");
    if (!all.some((server) => server.listening())) return notReady("NotListening", "the Socket.IO server does not listen yet");
    return this.#elsewhere(all) || all.map((server) => this.#broker(server)).find(Boolean) || { ready: true };
  }

  #elsewhere(servers) {
    const listens = this.listening.elsewhere(servers.map((server) => server.address()));
    return listens && { ...notReady("ListensElsewhere", `nothing listens on port ${this.listening.port} of an address that routers reach`), listens };
  }

  // An app that closed its Server ends.
  #withoutServer() {
    const none = notReady("NoServer", "no Socket.IO server exists");
    if (this.servers.created > 0 || this.httpServers.size === 0) return none;
    return this.#elsewhere([...this.httpServers]) || (performance.now() - this.since < SERVER_MS ? none : { ...none, ready: true });
  }

  #refused(server) {
    return server.broker && !this.joined.has(server) && server.broker.state().refused;
  }

  #broker(server) {
    const { broker } = server;
    if (!broker || this.joined.has(server)) return undefined;
    const { reachable, subscribed } = broker.state();
    if (!reachable) return notReady("BrokerUnreachable", "the broker does not answer");
    if (!subscribed) return notReady("NotSubscribed", "messages of other processes do not arrive yet");
    this.joined.add(server);
    return undefined;
  }
}

module.exports = { Readiness };
