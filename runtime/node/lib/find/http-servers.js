"use strict";

const { Server } = require("net");

const ours = new WeakSet();

/**
 * Watches for HTTP servers of the app, whichever module makes them.
 * @param {(server: import("net").Server) => void} onListening  called each time that one begins to listen on a TCP port
 */
function watchHttpServers(onListening) {
  const { listen } = Server.prototype;
  const seen = new WeakSet();
  Server.prototype.listen = function () {
    if (!seen.has(this) && !ours.has(this)) {
      seen.add(this);
      this.on("listening", () => isHttp(this) && onListening(this));
    }
    return listen.apply(this, arguments);
  };
}

// Of http, https and http2 alike. The address of a Unix socket is a text.
function isHttp(server) {
  const address = server.address();
  return server.listenerCount("request") > 0 && address !== null && typeof address === "object";
}

/** Says that an HTTP server is the runtime's own. */
function own(server) {
  ours.add(server);
}

module.exports = { watchHttpServers, own };
