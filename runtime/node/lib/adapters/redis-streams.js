"use strict";

const { RedisBroker } = require("../redis-broker.js");
const { StreamOrder } = require("./stream-order.js");
const { makeWay } = require("./restored.js");

const nothing = () => {};

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
      const adapter = keepingSessions(makeWay(create(namespace)));
      orders.set(adapter, new StreamOrder(adapter, broker));
      return adapter;
    };
    const connected = (socket) => {
      const order = orders.get(socket.adapter);
      if (order) order.connected(socket);
    };
    const forget = (socket) => broker.main.del(sessionKeyPrefix + socket.pid).catch(nothing);
    return { ...broker.with(ordered), connected, forget };
  },
};

// The adapter takes a session out of Redis to restore it. If the answer never reaches the client, because its next request
// is routed to another process, that one would find nothing: so the session is stored again.
function keepingSessions(adapter) {
  const { restoreSession } = adapter;
  adapter.restoreSession = async (pid, offset) => {
    const session = await restoreSession.call(adapter, pid, offset);
    const { missedPackets, ...stored } = session;
    adapter.persistSession(stored);
    return session;
  };
  return adapter;
}
