"use strict";

const crypto = require("crypto");
const { addressOf, partsOf, bytesOf, ipOf } = require("./address.js");

const TAG_BYTES = 16;
const PORT_PROCESS_ENGINE_BYTES = 2 + 4 + 1;
const SEALED = /\.([\w-]{36}|[\w-]{52})$/;

/**
 * Where a session lives.
 * @typedef {object} Location
 * @property {string} address  of the pod's runtime, as `addressOf` writes it
 * @property {number} process  id of the process in its pod
 * @property {number} engine   number of the engine in its process
 */

/**
 * Seals into a session id where the session lives, with a key that the pods of a cluster share. Who does not have the key
 * learns nothing from an id and cannot make one: the location is enciphered under a tag that is computed from the id and
 * the location (a synthetic IV as in RFC 5297, with HMAC-SHA256). `<id>.<base64url of tag and cipher text>`.
 */
class Seal {
  /** @param {string} key */
  constructor(key) {
    this.mac = hmac(key, "socketio-runtime session-id mac");
    this.enc = hmac(key, "socketio-runtime session-id enc");
  }

  /**
   * @param {string} id  as the engine made it
   * @param {Location} location
   * @returns {string} the session id
   */
  close(id, { address, process, engine }) {
    const { ip, port } = partsOf(address);
    const rest = Buffer.alloc(PORT_PROCESS_ENGINE_BYTES);
    rest.writeUInt16BE(port, 0);
    rest.writeUInt32BE(process, 2);
    rest.writeUInt8(engine, 6);
    const place = Buffer.concat([bytesOf(ip), rest]);
    const tag = this.#tag(id, place);
    return `${id}.${Buffer.concat([tag, this.#masked(tag, place)]).toString("base64url")}`;
  }

  /** @returns {Location | undefined} undefined for an id that no holder of the key made */
  open(sid) {
    const match = SEALED.exec(sid);
    if (!match) return undefined;
    const bytes = Buffer.from(match[1], "base64url");
    const tag = bytes.subarray(0, TAG_BYTES);
    const place = this.#masked(tag, bytes.subarray(TAG_BYTES));
    if (!crypto.timingSafeEqual(tag, this.#tag(sid.slice(0, match.index), place))) return undefined;
    const rest = place.length - PORT_PROCESS_ENGINE_BYTES;
    return {
      address: addressOf(ipOf(place.subarray(0, rest)), place.readUInt16BE(rest)),
      process: place.readUInt32BE(rest + 2),
      engine: place.readUInt8(rest + 6),
    };
  }

  #tag(id, place) {
    return hmac(this.mac, id, "\0", place).subarray(0, TAG_BYTES);
  }

  #masked(tag, bytes) {
    const mask = hmac(this.enc, tag);
    return Buffer.from(bytes.map((byte, i) => byte ^ mask[i]));
  }
}

function hmac(key, ...parts) {
  const made = crypto.createHmac("sha256", key);
  for (const part of parts) made.update(part);
  return made.digest();
}

module.exports = { Seal };
