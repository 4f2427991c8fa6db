"use strict";

const net = require("net");

const LONGEST_IP = 45;

/**
 * @param {string} ip    IPv4 or IPv6
 * @param {number} port
 * @returns {string} "10.1.2.3:9400" or "[fd00::1]:9400": IPv6 in its shortest form, so that equal addresses are equal text
 */
function addressOf(ip, port) {
  return `${net.isIPv6(ip) ? new URL(`http://[${ip}]`).hostname : ip}:${port}`;
}

/** @returns {{ip: string, port: number}} parts of what `addressOf` made */
function partsOf(address) {
  const colon = address.lastIndexOf(":");
  return { ip: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

/** @returns {string | undefined} the IP in its shortest form; undefined if the value is none, or one of a certain interface */
function plainIp(value) {
  if (typeof value !== "string" || value.length > LONGEST_IP || value.includes("%")) return undefined;
  const ip = value.replace(/^::ffff:(?=\d+\.)/i, "");
  if (net.isIPv4(ip)) return ip;
  return net.isIPv6(ip) ? partsOf(addressOf(ip, 0)).ip : undefined;
}

/** @returns {Buffer} 4 or 16 bytes */
function bytesOf(ip) {
  if (net.isIPv4(ip)) return Buffer.from(ip.split(".").map(Number));
  const [head, tail] = ip.split("::").map((part) => (part ? part.split(":") : []));
  const zeros = tail ? Array(8 - head.length - tail.length).fill("0") : [];
  const groups = [...head, ...zeros, ...(tail || [])].map((group) => parseInt(group, 16));
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** @returns {string} the IP of 4 or 16 bytes */
function ipOf(bytes) {
  if (bytes.length === 4) return bytes.join(".");
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(":");
}

module.exports = { addressOf, partsOf, plainIp, bytesOf, ipOf };
