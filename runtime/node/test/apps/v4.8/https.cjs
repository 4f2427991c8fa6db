// An HTTPS server with a plain one for redirects beside it, and ids of its own.
"use strict";

const fs = require("fs");
const http = require("http");
const https = require("https");
const { Server } = require("socket.io");

const { APP_KEY, APP_CERTIFICATE } = process.env;
http.createServer((request, response) => response.writeHead(301, { location: "https://localhost/" }).end()).listen(0, "127.0.0.1");
const server = https.createServer({ key: fs.readFileSync(APP_KEY), cert: fs.readFileSync(APP_CERTIFICATE) });
// listens first, as apps with a framework do
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
const io = new Server(server);
let ids = 0;
io.engine.generateId = () => `own-${process.pid}-${++ids}`;
io.on("connection", (socket) => {
  socket.on("say", (text) => io.emit("said", text));
  socket.on("who", (done) => io.fetchSockets().then((sockets) => done(sockets.length)));
});
