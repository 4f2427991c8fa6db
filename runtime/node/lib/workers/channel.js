"use strict";

const FIELD = "socketioRuntime";
const ANSWER_MS = 2000;

/**
 * One end of the IPC channel between the primary and a worker. Messages carry a mark of ours: the app and the cluster
 * adapter use the same channel.
 */
class Channel {
  /** @param {NodeJS.Process | import("child_process").ChildProcess} target  what to send to and to listen on */
  constructor(target) {
    this.target = target;
    this.handlers = new Map();
    this.questions = new Map();
    this.asked = 0;
    target.on("message", (message, handle) => message && message[FIELD] && this.#received(message, handle));
  }

  /**
   * @param {string} type
   * @param {object} [body]
   * @param {{handle?: object, sent?: (error: Error | null) => void}} [how]  handle: a TCP handle to pass on;
   *   sent: called when the message has left this process or cannot
   */
  send(type, body = {}, { handle, sent = () => {} } = {}) {
    if (!this.target.connected) return sent(new Error("the channel is closed"));
    this.target.send({ ...body, [FIELD]: type }, handle, {}, sent);
  }

  /** @param {(body: object, handle?: object) => unknown} handler  of messages of that type */
  on(type, handler) {
    this.handlers.set(type, handler);
  }

  /** @returns {Promise<any>} what the other end's handler of that type returns; rejects after that time without an answer */
  ask(type, body = {}, milliseconds = ANSWER_MS) {
    const question = ++this.asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(question, { error: "no answer" }), milliseconds);
      this.questions.set(question, { resolve, reject, timer });
      this.send(type, { ...body, question }, { sent: (error) => error && this.#settle(question, { error: error.message }) });
    });
  }

  /** The other end is gone: nobody waits for it any more. */
  close() {
    for (const question of [...this.questions.keys()]) this.#settle(question, { error: "the other process ended" });
  }

  async #received(message, handle) {
    const { [FIELD]: type, question } = message;
    if (type === "answer") return this.#settle(question, message);
    const handler = this.handlers.get(type);
    if (!question) return handler && handler(message, handle);
    try {
      const value = await handler(message);
      return this.send("answer", { question, value });
    } catch (error) {
      return this.send("answer", { question, error: error.message, code: error.code });
    }
  }

  #settle(question, { value, error, code }) {
    const waiting = this.questions.get(question);
    if (!waiting) return;
    this.questions.delete(question);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(value);
    else waiting.reject(Object.assign(new Error(error), { code }));
  }
}

module.exports = { Channel };
