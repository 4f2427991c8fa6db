"use strict";

/**
 * @param {Promise<unknown>} promise
 * @param {number} milliseconds
 * @returns {Promise<boolean>} whether the promise was fulfilled within that time; never rejects
 */
function inTime(promise, milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds, false);
    promise.then(() => true, () => false).then((fulfilled) => {
      clearTimeout(timer);
      resolve(fulfilled);
    });
  });
}

module.exports = { inTime };
