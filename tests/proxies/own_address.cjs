"use strict";
// Gives a process what a pod has: an address of its own. A server that listens on all addresses listens on this one.
const net = require("net");

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...given) {
  const [port] = given;
  if (typeof port !== "number" && typeof port !== "string") return listen.apply(this, given);
  const callback = given.find((value) => typeof value === "function");
  return listen.call(this, { port: Number(port), host: process.env.POD_ADDRESS }, callback);
};
