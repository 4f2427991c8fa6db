"use strict";

const REFUSAL = JSON.stringify({ error: "ConnectionLimit", message: "this process has as many connections as it may, try again later" });
const HEAD = { "content-type": "application/json", "content-length": REFUSAL.length, "retry-after": "5", connection: "close" };
const SESSION = /[?&]sid=/;

/**
 * Refuses new sessions of an engine while the process has as many as it may; those that it has go on.
 * @param {object} engine
 * @param {() => boolean} full
 */
function limit(engine, full) {
  const { handleRequest, handleUpgrade } = engine;
  const refused = ({ method, url }) => method === "GET" && !SESSION.test(url) && full();
  engine.handleRequest = function (request, response) {
    if (refused(request)) return response.writeHead(503, HEAD).end(REFUSAL);
    return handleRequest.apply(this, arguments);
  };
  engine.handleUpgrade = function (request, socket) {
    if (!refused(request)) return handleUpgrade.apply(this, arguments);
    const lines = Object.entries(HEAD).map(([name, value]) => `${name}: ${value}\r\n`);
    return socket.end(`HTTP/1.1 503 Service Unavailable\r\n${lines.join("")}\r\n${REFUSAL}`);
  };
}

module.exports = { limit };
