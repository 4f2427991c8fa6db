"use strict";

const { RedisBroker } = require("../redis-broker.js");
const { StreamOrder } = require("./stream-order.js");

/** Redis Streams: survives a restart of Redis without loss and recovers sessions across processes. */
module.exports = {
  recovery: true,
  open({ url, prefix }) {
    const { createAdapter } = require("@socket.io/redis-streams-adapter");
    const broker = new RedisBroker(url);
    const sessionKeyPrefix = `${prefix}:session:`;
    const create = createAdapter(broker.main, { streamName: prefix, channelPrefix: prefix, sessionKeyPrefix, blockTimeInMs: 2000 });
    const orders = new WeakMap();
    const ordered = (namespace) => {
      const adapter = create(namespace);
      orders.set(adapter, new StreamOrder(adapter, broker));
      return adapter;
    };
    const connected = (socket) => {
      const order = orders.get(socket.adapter);
      if (order) order.connected(socket);
    };
    const forget = (socket) => broker.main.del(sessionKeyPrefix + socket.pid);
    return { ...broker.with(ordered), connected, forget };
  },
};
