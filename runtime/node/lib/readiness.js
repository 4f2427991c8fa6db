"use strict";

/** Whether new clients should be sent to this process. */
class Readiness {
  /** @param {import("./runtime.js").Runtime} runtime */
  constructor(runtime) {
    this.runtime = runtime;
  }

  /**
   * @returns {{ready: boolean, reason?: string, message?: string}} reason: NoServer, Draining, NotListening,
   *   BrokerUnreachable, NotSubscribed or ConnectionLimit
   */
  state() {
    const { servers, drain, settings } = this.runtime;
    const all = [...servers.values()];
    if (drain.draining) return no("Draining", "connections are being moved elsewhere");
    if (all.length === 0) return no("NoServer", "no Socket.IO server exists");
    if (!all.some((server) => server.listening())) return no("NotListening", "the Socket.IO server does not listen yet");
    for (const { broker } of all) {
      if (!broker) continue;
      const { reachable, subscribed } = broker.state();
      if (!reachable) return no("BrokerUnreachable", "the broker does not answer");
      if (!subscribed) return no("NotSubscribed", "messages of other processes do not arrive yet");
    }
    const connections = this.runtime.connections();
    if (settings.maxConnections !== undefined && connections >= settings.maxConnections) {
      return no("ConnectionLimit", `${connections} connections, the limit is ${settings.maxConnections}`);
    }
    return { ready: true };
  }
}

function no(reason, message) {
  return { ready: false, reason, message };
}

module.exports = { Readiness };
