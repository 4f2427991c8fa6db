"use strict";

const { createHook } = require("async_hooks");

/**
 * Calls a part of an adapter. Some drop the promises of their broker's client: one that is rejected would end the process,
 * and nobody would know when it is done.
 * @param {() => unknown} call
 * @returns {Promise<unknown>} fulfilled when all promises that were made by the call itself are settled; never rejects
 */
function settling(call) {
  const promises = [];
  const hook = createHook({ init: (id, type, trigger, resource) => type === "PROMISE" && promises.push(resource.promise || resource) });
  hook.enable();
  try {
    call();
  } catch {
    // as if it had been rejected
  } finally {
    hook.disable();
  }
  return Promise.allSettled(promises);
}

module.exports = { settling };
