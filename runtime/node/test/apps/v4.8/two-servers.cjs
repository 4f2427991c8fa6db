"use strict";

const http = require("http");
const { Server } = require("socket.io");

const server = http.createServer();
for (const path of ["/socket.io", "/second"]) {
  const io = new Server(server, { path });
  io.on("connection", (socket) => {
    socket.on("say", (text, done = () => {}) => {
      io.emit("said", text);
      done();
    });
    socket.on("who", (done) => io.fetchSockets().then((sockets) => done(sockets.length)));
  });
}
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
