"use strict";

const { Listening } = require("./listening.js");

/**
 * Whether new clients should be sent to this process.
 *
 * What all pods share, the broker, counts only until the process was first subscribed: when it goes away later, no pod is
 * better than another, and to take them all out would cut everybody. Nor does a pod that ends say no: Kubernetes takes it out
 * by itself, and a router that goes on to send it the requests of its sessions does right.
 */
class Readiness {
  /** @param {import("./runtime.js").Runtime} runtime */
  constructor(runtime) {
    this.runtime = runtime;
    this.listening = new Listening(runtime.settings.appPort);
    /** Servers whose adapter once heard the other processes */
    this.joined = new WeakSet();
  }

  /**
   * @returns {{ready: boolean, reason?: string, message?: string, listens?: {port?: number, loopback?: boolean}}} reason:
   *   NoServer, Draining, BrokerRefused, NotListening, ListensElsewhere, BrokerUnreachable or NotSubscribed
   */
  state() {
    const { servers, drain } = this.runtime;
    const all = [...servers.values()];
    if (drain.draining && !drain.terminating) return no("Draining", "connections are being moved elsewhere");
    if (all.length === 0) return no("NoServer", "no Socket.IO server exists");
    // first, as an app may listen only when its adapter has answered
    if (all.some((server) => this.#refused(server))) return no("BrokerRefused", "the broker refuses the login: user or password of its URL are wrong");
    if (!all.some((server) => server.listening())) return no("NotListening", "the Socket.IO server does not listen yet");
    const listens = this.listening.elsewhere(all.map((server) => server.address()));
    if (listens) return { ...no("ListensElsewhere", `nothing listens on port ${this.listening.port} of an address that routers reach`), listens };
    return all.map((server) => this.#broker(server)).find(Boolean) || { ready: true };
  }

  #refused(server) {
    return server.broker && !this.joined.has(server) && server.broker.state().refused;
  }

  #broker(server) {
    const { broker } = server;
    if (!broker || this.joined.has(server)) return undefined;
    const { reachable, subscribed } = broker.state();
    if (!reachable) return no("BrokerUnreachable", "the broker does not answer");
    if (!subscribed) return no("NotSubscribed", "messages of other processes do not arrive yet");
    this.joined.add(server);
    return undefined;
  }
}

function no(reason, message) {
  return { ready: false, reason, message };
}

module.exports = { Readiness };
