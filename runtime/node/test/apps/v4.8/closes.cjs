"use strict";

const { Server } = require("socket.io");

const io = new Server(0);
io.httpServer.once("listening", () => {
  console.log(`port ${io.httpServer.address().port}`);
  setTimeout(() => io.close(), 500);
});
