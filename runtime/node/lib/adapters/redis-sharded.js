"use strict";

const { RedisBroker } = require("./redis-broker.js");

/** Redis Pub/Sub with a channel for each room; needs Redis 7. */
module.exports = {
  recovery: false,
  open({ url, caFile, prefix }) {
    const { createShardedAdapter } = require("@socket.io/redis-adapter");
    const broker = new RedisBroker(url, prefix, caFile);
    return broker.with(createShardedAdapter(broker.main, broker.main.duplicate(), { channelPrefix: prefix }));
  },
};
