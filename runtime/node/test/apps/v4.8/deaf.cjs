// Makes a Server that does not listen, and stays.
"use strict";

const http = require("http");
const { Server } = require("socket.io");

new Server(http.createServer());
setInterval(() => {}, 1000);
console.log("port 0");
