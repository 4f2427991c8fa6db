"use strict";

const http = require("http");
const express = require("express");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.get("/", (request, response) => response.send("hello\n"));
io.on("connection", (socket) => {
  socket.on("say", (text) => io.emit("said", text));
  socket.on("who", async (done) => done((await io.fetchSockets()).length));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
