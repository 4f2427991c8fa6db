"use strict";

module.exports = Object.freeze({
  /** exit code of a worker whose app turned out to fork processes by itself */
  FORKS_ITSELF: 117,
});
