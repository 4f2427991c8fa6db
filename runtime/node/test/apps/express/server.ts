import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { Server } from "socket.io";

const server = createServer(express());
const io = new Server(server);

io.on("connection", (socket) => {
  socket.on("say", (text: string) => io.emit("said", text));
  socket.on("who", async (done: (count: number) => void) => done((await io.fetchSockets()).length));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${(server.address() as AddressInfo).port}`));
