"use strict";

let speaker = "";

/** Names this process in each line, where several write to one log. */
function speakAs(name) {
  speaker = `${name}: `;
}

/**
 * Writes one fact as one line on standard error.
 * @param {string} fact  text without credentials; line breaks in it are folded
 */
function log(fact) {
  process.stderr.write(`[socketio-runtime] ${speaker}${String(fact).replace(/\s*[\r\n]+\s*/g, " ")}\n`);
}

/**
 * Runs a part of ours inside code of the app: an error is reported and swallowed, so the app goes on by itself.
 * @template T
 * @param {string} what  names the part in the log
 * @param {() => T} part
 * @returns {T | undefined} what the part returned, undefined after an error
 */
function guarded(what, part) {
  try {
    return part();
  } catch (error) {
    log(`${what} failed, the app's own behaviour is kept: ${(error && error.message) || error}`);
    return undefined;
  }
}

module.exports = { log, guarded, speakAs };
