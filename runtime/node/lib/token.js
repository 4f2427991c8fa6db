"use strict";

const crypto = require("crypto");
const { readFile } = require("fs").promises;
const { log } = require("./log.js");

/**
 * Whether a request carries the bearer token. The file is read each time, so a token can be replaced; the comparison
 * takes the same time whatever is sent.
 * @param {string | undefined} file           SOCKETIO_RUNTIME_TOKEN_FILE
 * @param {string | undefined} authorization  the request's header
 */
async function authorized(file, authorization) {
  const expected = await token(file);
  const given = /^Bearer +(\S+)$/i.exec(authorization || "");
  const same = crypto.timingSafeEqual(digest(given ? given[1] : ""), digest(expected || ""));
  return Boolean(same && expected && given);
}

async function token(file) {
  if (!file) return undefined;
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    log(`token file: ${error.code}, drain and shed are refused`);
    return undefined;
  }
}

function digest(text) {
  return crypto.createHash("sha256").update(text).digest();
}

module.exports = { authorized };
