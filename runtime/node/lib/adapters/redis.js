"use strict";

const { RedisBroker } = require("./redis-broker.js");
const { redisKey } = require("./names.js");

/** Classic Redis Pub/Sub. */
module.exports = {
  recovery: false,
  open({ url, caFile, prefix }) {
    const { createAdapter } = require("@socket.io/redis-adapter");
    const broker = new RedisBroker(url, prefix, caFile);
    return broker.with(createAdapter(broker.main, broker.main.duplicate(), { key: redisKey(prefix), publishOnSpecificResponseChannel: true }));
  },
};
