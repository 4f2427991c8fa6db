// An app that looks at the headers of the engine's requests.
"use strict";

const http = require("http");
const { Server } = require("socket.io");

const server = http.createServer((request, response) => response.end());
const io = new Server(server);
io.engine.on("headers", (headers, request) => request.method === "POST" && request.headers["x-twice"] && console.log(`headers ${JSON.stringify(request.headers)}`));
io.on("connection", () => {});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
