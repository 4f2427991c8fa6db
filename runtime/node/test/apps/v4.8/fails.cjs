// Fails at its start, after it has made a Server.
"use strict";

const http = require("http");
const { Server } = require("socket.io");

new Server(http.createServer());
console.log("started");
setTimeout(() => process.exit(3), 200);
