"use strict";

const crypto = require("crypto");
const { RedisBroker } = require("./redis-broker.js");
const { Restorations } = require("./restorations.js");
const { SessionStore } = require("./session-store.js");
const { StreamOrder } = require("./stream-order.js");
const { StreamRecovery } = require("./stream-recovery.js");

/** Redis Streams: survives a restart of Redis without loss and recovers sessions across processes. */
module.exports = {
  recovery: true,
  open({ url, caFile, prefix, mirror }) {
    const { createAdapter } = require("@socket.io/redis-streams-adapter");
    const broker = new RedisBroker(url, prefix, caFile);
    const store = new SessionStore(broker.main, `${prefix}:session:`, crypto.randomUUID());
    const create = createAdapter(broker.main, { streamName: prefix, channelPrefix: prefix, blockTimeInMs: 2000 });
    /** @type {Map<object, StreamRecovery>} adapter of a namespace -> its recovery */
    const recoveries = new Map();
    const make = (namespace) => {
      const adapter = create(namespace);
      const restorations = new Restorations();
      const order = new StreamOrder(adapter, broker, restorations);
      // before 4.6 there is no recovery, nor these options while the Server is made
      if (namespace.server.opts && namespace.server.opts.connectionStateRecovery) {
        recoveries.set(adapter, new StreamRecovery({ adapter, stream: prefix, broker, store, order, restorations, live: mirror }));
        const { close } = adapter;
        adapter.close = () => {
          recoveries.delete(adapter);
          return close.call(adapter);
        };
      }
      return adapter;
    };
    const recoveryOf = ({ adapter }) => recoveries.get(adapter);
    return {
      ...broker.with(make),
      flush() {
        for (const { mirror: sessions } of recoveries.values()) sessions.flush();
        return broker.flush();
      },
      connected(socket) {
        const recovery = recoveryOf(socket);
        if (recovery) recovery.connected(socket);
      },
      disconnected(socket, over) {
        const recovery = recoveryOf(socket);
        if (recovery) recovery.disconnected(socket, over);
      },
    };
  },
};
