"use strict";

const { decode, Encoder } = require("@msgpack/msgpack");

// A session is a hash: `owner`, the process that may write it, and `state`. Who restores a session becomes its owner, so a
// process that still has a socket of it cannot write over what is true by now. An ended session has nobody as owner.
const WRITE = `
local results = {}
for i, key in ipairs(KEYS) do
  local owner, state, milliseconds = redis.call('HGET', key, 'owner'), ARGV[2 * i], ARGV[2 * i + 1]
  if owner and owner ~= ARGV[1] then
    results[i] = 'foreign'
  elseif state == '' and not owner then
    results[i] = 'missing'
  else
    if state ~= '' then redis.call('HSET', key, 'owner', ARGV[1], 'state', state) end
    redis.call('PEXPIRE', key, milliseconds)
    results[i] = 'written'
  end
end
return results`;

const CLAIM = `
local owner = redis.call('HGET', KEYS[1], 'owner')
if not owner or owner == '' then return false end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HGET', KEYS[1], 'state')`;

const END = `
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return end
redis.call('HSET', KEYS[1], 'owner', '', 'state', '')
redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/**
 * Sessions in Redis, as they are needed to go on elsewhere.
 * @typedef {{sid: string, pid: string, rooms: string[], data: unknown, early: Early[]}} State
 * @typedef {[uid: string, from: number, to: number]} Early  publications that the client was given before they were read
 */
class SessionStore {
  /**
   * @param {import("./redis-client.js").RedisClient} client
   * @param {string} prefix  of the keys
   * @param {string} owner   this process
   */
  constructor(client, prefix, owner) {
    this.client = client;
    this.prefix = prefix;
    this.owner = owner;
    this.encoder = new Encoder();
    client.defineCommand("sessionsWrite", { lua: WRITE });
    client.defineCommand("sessionsClaim", { lua: CLAIM, numberOfKeys: 1 });
    client.defineCommand("sessionsEnd", { lua: END, numberOfKeys: 1 });
  }

  /** @returns {string} what is stored of a state; throws if the app's data has no such form */
  encode(state) {
    const bytes = this.encoder.encodeSharedRef(state);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }

  /**
   * @param {{pid: string, state: string, milliseconds: number}[]} entries  state: encoded; empty if it is what is stored
   * @returns {Promise<("written" | "foreign" | "missing")[]>} foreign: another process is the owner now; missing: Redis
   *   has lost what was stored
   */
  write(entries) {
    const keys = entries.map(({ pid }) => this.prefix + pid);
    const values = entries.flatMap(({ state, milliseconds }) => [state, milliseconds]);
    return this.client.sessionsWrite(keys.length, ...keys, this.owner, ...values);
  }

  /** @returns {Promise<State | undefined>} the session, whose owner is this process from now on */
  async claim(pid, milliseconds) {
    const stored = await this.client.sessionsClaim(this.prefix + pid, this.owner, milliseconds);
    return stored ? decode(Buffer.from(stored, "base64")) : undefined;
  }

  /** The session is over for good. */
  end(pid, milliseconds) {
    this.client.sessionsEnd(this.prefix + pid, this.owner, milliseconds).catch(() => {});
  }
}

module.exports = { SessionStore };
