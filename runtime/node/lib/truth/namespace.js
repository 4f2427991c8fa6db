"use strict";

const { BEAT, takeBeats } = require("./carrier.js");
const { NAME } = require("./name.js");

/**
 * Makes our namespace of a Server. It is put beside those of the app rather than made by `io.of()`, which would tell the
 * app's listeners of "new_namespace" and give it to an app that takes any name.
 * @param {object} io  Server
 * @returns {object | undefined} undefined if the app has one of that name
 */
function reserve(io) {
  if (!(io._nsps instanceof Map) || io._nsps.has(NAME)) return undefined;
  const Namespace = io.of("/").constructor;

  class ReservedNamespace extends Namespace {
    _initAdapter() {
      super._initAdapter();
      takeBeats(this.adapter, (...beat) => this._onServerSideEmit([BEAT, ...beat]));
      // A session that is restored may pass by the middlewares, and some adapters do not ask of which namespace it was.
      Object.assign(this.adapter, { persistSession() {}, restoreSession: () => null });
    }
  }

  const namespace = new ReservedNamespace(io, NAME);
  // any name comes from the broker, and nobody may be listening
  namespace.on("error", () => {});
  io._nsps.set(NAME, namespace);
  return namespace;
}

module.exports = { reserve };
