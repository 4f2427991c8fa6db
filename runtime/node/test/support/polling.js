"use strict";

const http = require("http");
const net = require("net");

/** A polling client of the bare protocol whose connections are chosen by the test. */
class Polling {
  /** @param {string} url  of the server, with scheme */
  constructor(url) {
    this.url = url;
  }

  /** Opens a session of the transport. @param {http.Agent} agent */
  async shake(agent) {
    const { body } = await this.request(agent);
    this.sid = JSON.parse(body.slice(1)).sid;
    return this;
  }

  /** Opens a session and joins the main namespace. @param {http.Agent} agent */
  async open(agent) {
    await this.shake(agent);
    await this.request(agent, { method: "POST", body: "40" });
    return this;
  }

  /** @returns {Promise<{status: number, body: string}>} */
  request(agent, { method = "GET", body, sid = this.sid, headers = {} } = {}) {
    const query = `EIO=4&transport=polling${sid ? `&sid=${sid}` : ""}`;
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.url}/socket.io/?${query}`, { method, agent, headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode, body: text }));
      });
      request.on("error", reject);
      request.end(body);
    });
  }
}

/** An agent with a single connection that is kept, as a proxy keeps its connections to a server. */
function oneConnection() {
  return new http.Agent({ keepAlive: true, maxSockets: 1 });
}

/**
 * Sends a request's head in two parts, as the network may deliver it.
 * @returns {Promise<number>} status of the answer; 0 if there is none in 3 s
 */
function requestInParts(port, head, rest) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.setNoDelay(true);
      socket.write(head);
      setTimeout(() => socket.write(rest), 100);
    });
    socket.setTimeout(3000, () => socket.destroy());
    socket.once("data", (data) => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(data)[1]));
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(0));
  });
}

module.exports = { Polling, oneConnection, requestInParts };
