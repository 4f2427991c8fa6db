"use strict";

const { NAME } = require("./name.js");

const BEAT = "beat";
// Of ClusterAdapter: who does not know what is in ours does nothing. Some adapters send `serverSideEmit` by another way than
// broadcasts, and this by the same.
const HEARTBEAT = 2;
// what the in-memory adapter of each version says, in whichever copy of the package
const UNABLE = "does not support the serverSideEmit";
// called by Socket.IO; what they call of the adapter and of its broker's client is looked at
const ENTRIES = new Set(["broadcast", "serverSideEmit"]);
const nothing = () => {};

/** @returns {boolean} whether an adapter has a way to the other processes */
function carries({ serverSideEmit }) {
  return typeof serverSideEmit === "function" && !Function.prototype.toString.call(serverSideEmit).includes(UNABLE);
}

/**
 * Tells the namespace's other processes; there it is an event of the namespace.
 * @param {object} namespace  ours
 * @returns {Promise<unknown>} as that of `settling`
 */
function beat(namespace, address, sent) {
  const { adapter } = namespace;
  const data = { [BEAT]: [address, sent] };
  if (typeof adapter.publishAndReturnOffset === "function") return settling(namespace, () => adapter.publishAndReturnOffset({ type: HEARTBEAT, data }));
  return settling(namespace, () => namespace.serverSideEmit(BEAT, address, sent));
}

/** Takes the heartbeats of others out of what an adapter of ours receives. @param {(address: unknown, sent: unknown) => void} take */
function takeBeats(adapter, take) {
  const { onMessage } = adapter;
  if (typeof onMessage !== "function") return;
  adapter.onMessage = (message, offset) => {
    const { nsp, type, data } = message || {};
    if (type !== HEARTBEAT || nsp !== NAME || !data || !Array.isArray(data[BEAT])) return onMessage.call(adapter, message, offset);
    return take(...data[BEAT].slice(0, 2));
  };
}

/**
 * Calls something that uses the namespace's adapter. Some adapters drop the promises of their broker's client: one that is
 * rejected would end the process, and nobody would know when all is sent.
 * @returns {Promise<unknown>} fulfilled when what was begun is settled, as far as can be seen; never rejects
 */
function settling(namespace, call) {
  const { adapter } = namespace;
  const promises = [];
  const note = (value) => {
    if (!value || typeof value.then !== "function") return value;
    value.then(nothing, nothing);
    promises.push(value);
    return value;
  };
  namespace.adapter = watched(adapter, note);
  try {
    note(call());
  } catch {
    // as if it had been rejected
  } finally {
    namespace.adapter = adapter;
  }
  return Promise.allSettled(promises);
}

function watched(target, note) {
  const view = new Proxy(target, {
    get(object, name) {
      const value = object[name];
      if (typeof value === "function") return (...args) => note(value.apply(ENTRIES.has(name) ? view : object, args));
      return value && typeof value.publish === "function" ? watched(value, note) : value;
    },
  });
  return view;
}

module.exports = { BEAT, beat, carries, settling, takeBeats };
