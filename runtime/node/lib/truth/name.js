"use strict";

/** The namespace that is ours on each Server. */
const NAME = "/.socketio-runtime";
const EVENT = `2${NAME},`;
const SLASH = "/".charCodeAt(0);

/** @returns {boolean} whether a socket is none of the app's */
function isOurs({ nsp }) {
  return nsp.name === NAME;
}

/** @returns {boolean} whether an encoded event is none of the app's. On the path of every message: most name no namespace. */
function isOurEvent(text) {
  return text.charCodeAt(1) === SLASH && text.startsWith(EVENT);
}

module.exports = { NAME, isOurs, isOurEvent };
