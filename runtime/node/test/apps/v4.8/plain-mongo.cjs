// The chat with the MongoDB adapter as its authors describe it: what the runtime's is compared with.
"use strict";

const { Server } = require("socket.io");
const { createAdapter } = require("../../../node_modules/@socket.io/mongo-adapter");
const { MongoClient } = require("../../../node_modules/mongodb");

const collection = new MongoClient(process.env.BROKER_URL).db().collection("socket.io-adapter-events");
const adapter = createAdapter(collection, { addCreatedAtField: true });

class OwnServer extends Server {
  constructor(server, options) {
    super(server, { ...options, adapter });
  }
}

require("../chat.cjs").start({ Server: OwnServer });
