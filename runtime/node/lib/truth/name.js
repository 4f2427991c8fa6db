"use strict";

/** The namespace that is ours on each Server. */
const NAME = "/.socketio-runtime";
const EVENT = `2${NAME},`;

/** @returns {boolean} whether a socket is none of the app's */
function isOurs({ nsp }) {
  return nsp.name === NAME;
}

/** @returns {boolean} whether an encoded event is none of the app's */
function isOurEvent(text) {
  return text.startsWith(EVENT);
}

module.exports = { NAME, isOurs, isOurEvent };
