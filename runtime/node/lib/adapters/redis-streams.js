"use strict";

const { RedisBroker } = require("../redis-broker.js");

/** Redis Streams: survives a restart of Redis without loss and recovers sessions across processes. */
module.exports = {
  recovery: true,
  open({ url, prefix }) {
    const { createAdapter } = require("@socket.io/redis-streams-adapter");
    const broker = new RedisBroker(url);
    const names = { streamName: prefix, channelPrefix: prefix, sessionKeyPrefix: `${prefix}:session:` };
    return broker.with(createAdapter(broker.main, { ...names, blockTimeInMs: 2000 }));
  },
};
