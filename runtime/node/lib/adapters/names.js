"use strict";

const crypto = require("crypto");

// A prefix is made of letters, digits, ".", "_" and "-", as NAMESPACE.NAME is. What is added here to tell two names apart is
// none of these: no prefix leads to a name that another prefix was given.

// PostgreSQL cuts the name off that is listened to, and refuses to notify a longer one
const POSTGRES_CHANNEL_BYTES = 63;
const POSTGRES_HASH_DIGITS = 40;
// `@socket.io/redis-adapter` puts its requests on channels of the key with these endings
const REDIS_ENDING = /-(request|response)$/;
const MONGO_REFUSED = /^system\.|^\.|\.\./;

/** The prefix of a Server of this process. @param {number} index  1 for the first one */
function prefixOf(prefix, index) {
  return index === 1 ? prefix : `${prefix}:${index}`;
}

/** The key of the Redis adapter: that of `chat-request` would be where the requests of `chat` go. */
function redisKey(prefix) {
  return REDIS_ENDING.test(prefix) ? `${prefix}~` : prefix;
}

/** The channel of PostgreSQL in place of one that the adapter names: the same, unless it is too long. */
function postgresChannel(channel) {
  if (Buffer.byteLength(channel) <= POSTGRES_CHANNEL_BYTES) return channel;
  return `socket.io~${crypto.createHash("sha256").update(channel).digest("hex").slice(0, POSTGRES_HASH_DIGITS)}`;
}

/** The collection of a prefix; MongoDB refuses some names. */
function mongoCollection(prefix) {
  return `${MONGO_REFUSED.test(prefix) ? `~${prefix.replace(/\./g, "~")}` : prefix}-adapter-events`;
}

module.exports = { prefixOf, redisKey, postgresChannel, mongoCollection };
