"use strict";

const crypto = require("crypto");
const { sameText } = require("../same-text.js");
const { settling } = require("./carrier.js");

const MOST = 20;
const TEXT_LENGTH = 64;
const REFUSAL = "Invalid namespace";

/**
 * Lets the operator's client into our namespace, and nobody else: it can ask which pod it came to, and say something to
 * those of the other pods. Everybody else is told what Socket.IO says of a namespace that does not exist.
 * @param {object} namespace  ours
 * @param {object} about
 * @param {import("../port/token.js").Token} about.token
 * @param {string} about.address  of this pod
 * @param {(connection: object) => void} about.admitted  told of the connection of one that was let in
 */
function admitCanaries(namespace, { token, address, admitted }) {
  const { sockets } = namespace;
  /** those that were let in just now, and are not among the namespace's sockets yet */
  const joining = new Set();
  const count = () => sockets.size + [...joining].filter(({ id }) => !sockets.has(id)).length;
  const admit = async (socket) => {
    if (!(await isProven(socket.handshake.auth, token)) || count() >= MOST) return refusal(socket);
    joining.add(socket);
    setImmediate(() => joining.delete(socket));
    serve(namespace, socket, address);
    admitted(socket.conn);
    return undefined;
  };
  namespace.use((socket, next) => admit(socket).catch(() => refusal(socket)).then(next));
}

async function isProven(auth, token) {
  const { canary } = auth || {};
  if (typeof canary !== "string" || canary.length !== 64) return false;
  const key = await token.read();
  return Boolean(key) && sameText(canary, crypto.createHmac("sha256", key).update("canary").digest("hex"));
}

// Clients of the third protocol are told `data` alone.
function refusal({ conn }) {
  return Object.assign(new Error(REFUSAL), conn.protocol === 3 && { data: { message: REFUSAL } });
}

function serve(namespace, socket, address) {
  socket.on("where", (answer) => typeof answer === "function" && answer(address));
  socket.on("relay", (text) => {
    if (typeof text === "string" && text.length <= TEXT_LENGTH) settling(namespace, () => namespace.emit("relayed", text, address));
  });
}

module.exports = { admitCanaries };
