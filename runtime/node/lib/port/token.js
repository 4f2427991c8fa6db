"use strict";

const { readFile } = require("fs").promises;
const { log } = require("../log.js");
const { sameText } = require("../same-text.js");

const FRESH_MS = 1000;

/** The cluster's token. It is read again from time to time, so that it can be replaced. */
class Token {
  /** @param {string | undefined} file  SOCKETIO_RUNTIME_TOKEN_FILE */
  constructor(file) {
    this.file = file;
    this.readAt = 0;
  }

  /** @returns {Promise<string | undefined>} undefined if there is none */
  async read() {
    if (!this.file) return undefined;
    if (Date.now() - this.readAt > FRESH_MS) {
      this.readAt = Date.now();
      this.text = this.#readFile();
    }
    return this.text;
  }

  async #readFile() {
    try {
      return (await readFile(this.file, "utf8")).trim();
    } catch (error) {
      log(`token file: ${error.code}, drain, shed and other pods are refused`);
      return undefined;
    }
  }

  /**
   * Whether a request carries the token. The comparison takes the same time whatever is sent.
   * @param {string | undefined} authorization  the request's header
   */
  async allows(authorization) {
    const expected = await this.read();
    const given = /^Bearer +(\S+)$/i.exec(authorization || "");
    const same = sameText(given ? given[1] : "", expected || "");
    return Boolean(same && expected && given);
  }
}

module.exports = { Token };
