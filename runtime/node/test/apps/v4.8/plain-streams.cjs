// The chat with the Streams adapter as its authors describe it: what the runtime's is compared with.
"use strict";

const { Server } = require("socket.io");
const { createAdapter } = require("../../../node_modules/@socket.io/redis-streams-adapter");
const { Redis } = require("../../../node_modules/ioredis");

const adapter = createAdapter(new Redis(process.env.BROKER_URL), { blockTimeInMs: 2000 });
const connectionStateRecovery = { maxDisconnectionDuration: 60_000, skipMiddlewares: false };

class OwnServer extends Server {
  constructor(server, options) {
    super(server, { ...options, adapter, connectionStateRecovery });
  }
}

require("../chat.cjs").start({ Server: OwnServer });
