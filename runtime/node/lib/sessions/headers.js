"use strict";

const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection"]);

/** @returns {Record<string, string | string[]>} raw headers, repeated ones as a list, without those of a single connection */
function headersOf(raw) {
  // no prototype: names come from clients
  const named = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i], raw[i + 1]];
    if (HOP_BY_HOP.has(name.toLowerCase())) continue;
    named[name] = named[name] === undefined ? value : [].concat(named[name], value);
  }
  return named;
}

/** @returns {Record<string, string | string[]>} the headers of a request that is passed on, with the address it came from */
function passedOn(request) {
  const headers = headersOf(request.rawHeaders);
  const name = Object.keys(headers).find((key) => key.toLowerCase() === "x-forwarded-for") || "X-Forwarded-For";
  const from = (request.socket.remoteAddress || "").replace(/^::ffff:/, "");
  headers[name] = [].concat(headers[name] || [], from || []).join(", ");
  if (request.headers.upgrade) headers.Connection = "upgrade";
  return headers;
}

/** @returns {Buffer} the head of a message as text: a first line and raw headers */
function headOf(first, raw) {
  const lines = [first];
  for (let i = 0; i < raw.length; i += 2) lines.push(`${raw[i]}: ${raw[i + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

module.exports = { headersOf, passedOn, headOf };
