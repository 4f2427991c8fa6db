"use strict";

const crypto = require("crypto");
const http = require("http");
const net = require("net");
const { partsOf } = require("./address.js");
const { sameText } = require("../same-text.js");

const PROTOCOL = "socketio-runtime";
const PATH = "/peer";
// a machine that is there takes a connection at once, however slow its processes are
const CONNECT_MS = 1500;
// a pod that is slow is not gone: that is for its heartbeats to say
const ANSWER_MS = 5000;
const VALID_MS = 60_000;
const SCHEME = /^Peer (\d{1,15})\.([0-9a-f]{64})$/;

/**
 * A connection to the runtime's port of another pod that has proven to belong to the cluster. Requests of clients flow
 * over it afterwards, as over any HTTP connection. The proof names the address that is dialled and the time: the token
 * itself does not cross the network, as the address may have become somebody else's.
 * @param {string} address
 * @param {string} token
 * @returns {Promise<net.Socket>}
 */
function dial(address, token) {
  const { ip, port } = partsOf(address);
  return new Promise((resolve, reject) => {
    const headers = { host: address, connection: "upgrade", upgrade: PROTOCOL, authorization: proof(address, token, Date.now()) };
    const request = http.request({ host: ip, port, path: PATH, headers, createConnection: () => connect(ip, port) });
    const timer = setTimeout(() => request.destroy(new Error("no answer")), ANSWER_MS);
    request.on("upgrade", (response, socket) => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      resolve(socket);
    });
    request.on("response", (response) => request.destroy(new Error(`answered ${response.statusCode}`)));
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end();
  });
}

// The time is judged after what has come meanwhile was seen: this process may be the slow one.
function connect(host, port) {
  const socket = net.connect({ host, port, noDelay: true });
  const late = () => socket.connecting && socket.destroy(Object.assign(new Error("no connection"), { code: "ETIMEDOUT" }));
  const timer = setTimeout(() => setImmediate(late), CONNECT_MS);
  socket.once("close", () => clearTimeout(timer)).once("connect", () => clearTimeout(timer));
  return socket;
}

/**
 * @param {http.IncomingMessage} request  asks to become a tunnel
 * @param {string} address                this pod's
 * @param {string | undefined} token
 */
function isProven(request, address, token) {
  const match = SCHEME.exec(request.headers.authorization || "");
  if (!match || !token || Math.abs(Date.now() - Number(match[1])) > VALID_MS) return false;
  const expected = proof(address, token, Number(match[1]));
  return sameText(request.headers.authorization, expected);
}

/** @returns {boolean} whether a request asks to become a tunnel */
function isTunnel({ url, method, headers }) {
  return method === "GET" && url === PATH && (headers.upgrade || "").toLowerCase() === PROTOCOL;
}

/** Says yes: from now on the connection carries requests. */
function accept(socket) {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${PROTOCOL}\r\n\r\n`);
}

function proof(address, token, time) {
  return `Peer ${time}.${crypto.createHmac("sha256", token).update(`peer ${address} ${time}`).digest("hex")}`;
}

module.exports = { dial, accept, isTunnel, isProven };
