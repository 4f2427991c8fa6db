// The chat with the Redis adapter as its authors describe it, connections and key of the app's own.
"use strict";

const { Server } = require("socket.io");
const { createAdapter } = require("../../../node_modules/@socket.io/redis-adapter");
const { Redis } = require("../../../node_modules/ioredis");

const publisher = new Redis(process.env.BROKER_URL);
const subscriber = publisher.duplicate();
for (const client of [publisher, subscriber]) client.on("error", () => {});
const adapter = createAdapter(publisher, subscriber, { key: process.env.APP_KEY || "chat" });

class OwnServer extends Server {
  constructor(server, options) {
    super(server, { ...options, adapter });
  }
}

// an app that is done with Redis and goes on
process.on("SIGUSR2", () => publisher.disconnect());
require("../chat.cjs").start({ Server: OwnServer });
