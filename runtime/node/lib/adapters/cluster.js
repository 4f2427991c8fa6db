"use strict";

/** The workers of one pod, through their primary. Needs no broker. */
module.exports = {
  recovery: false,
  local: true,
  open({ prefix }) {
    const { NodeClusterAdapter } = require("@socket.io/cluster-adapter");
    // each namespace listens to the channel
    process.setMaxListeners(0);

    /** Keeps the Servers of one process apart, as the prefix does with a broker. */
    class PrefixedClusterAdapter extends NodeClusterAdapter {
      doPublish(message) {
        return super.doPublish({ ...message, prefix });
      }

      doPublishResponse(requester, response) {
        return super.doPublishResponse(requester, { ...response, prefix });
      }

      onMessage(message) {
        if (message.prefix === prefix) super.onMessage(message);
      }
    }

    return {
      adapter: (namespace) => new PrefixedClusterAdapter(namespace),
      state: () => ({ reachable: process.connected, subscribed: process.connected }),
      flush: async () => {},
      close() {},
    };
  },
};
