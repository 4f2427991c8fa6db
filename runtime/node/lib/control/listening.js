"use strict";

const fs = require("fs");

const LISTEN = "0A";
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/i;
// as /proc/net/tcp and tcp6 write 127.x.y.z, ::1 and ::ffff:127.x.y.z
const LOOPBACK_HEX = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;

/** Whether routers reach the app: they look at one port of the pod's address. */
class Listening {
  /** @param {number | undefined} port  where routers look; undefined: anywhere will do */
  constructor(port) {
    this.port = port;
    this.reachable = port === undefined;
  }

  /**
   * @param {(object | string | null)[]} addresses  of the app's servers, as `server.address()` gives them
   * @returns {{port: number, loopback: boolean} | {} | undefined} undefined if routers reach the app or did before;
   *   else where it was found, if that is known
   */
  elsewhere(addresses) {
    this.reachable = this.reachable || addresses.some((found) => found && found.port === this.port && !isLoopback(found.address)) || listens(this.port);
    if (this.reachable) return undefined;
    const found = addresses.find((address) => address && address.port);
    return found ? { port: found.port, loopback: isLoopback(found.address) } : {};
  }
}

/** @param {string} address  an IP */
function isLoopback(address) {
  return LOOPBACK.test(address);
}

// Something else in the container may take the requests for the app. What the kernel says is asked only until somebody
// listens: with many connections it is a long text.
function listens(port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return ["tcp", "tcp6"].some((name) => table(name).some(([, local = "", , state]) => {
    const [address, found] = local.split(":");
    return state === LISTEN && found === wanted && !LOOPBACK_HEX.test(address);
  }));
}

function table(name) {
  try {
    return fs.readFileSync(`/proc/self/net/${name}`, "latin1").split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

module.exports = { Listening, isLoopback };
