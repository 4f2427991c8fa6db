"use strict";

const { answersOf } = require("./answers.js");
const { Door, ask, others } = require("./door.js");

/**
 * The processes of this pod that have a Server. The one that has the side port asks all of them, so that it speaks for the
 * pod: an app may fork by itself, below PM2 or by Node's cluster module.
 */
class Processes {
  /** @param {import("../runtime.js").Runtime} runtime */
  constructor(runtime) {
    this.answers = answersOf(runtime);
    const { address, port } = runtime.settings;
    this.pod = address && port && { address, port };
  }

  /** From now on the others may ask this one. */
  open() {
    if (this.pod) new Door(this.pod, this.answers).open();
  }

  /** Whether no other process of the pod has a Server. */
  get alone() {
    return !this.pod || others(this.pod).length === 0;
  }

  /**
   * Asks all, this one first.
   * @param {string} question
   * @param {(pid: number) => unknown} [bodyOf]
   * @returns {Promise<{pid: number, answer?: any, error?: Error}[]>} without those that have ended
   */
  async ask(question, bodyOf = () => undefined) {
    const own = { pid: process.pid, answer: await this.answers.get(question)(bodyOf(process.pid)) };
    const rest = this.pod ? others(this.pod).map((pid) => this.#askOther(pid, question, bodyOf)) : [];
    return [own, ...(await Promise.all(rest)).filter(({ error }) => !(error && error.gone))];
  }

  #askOther(pid, question, bodyOf) {
    return ask(this.pod, pid, question, bodyOf(pid)).then((answer) => ({ pid, answer }), (error) => ({ pid, error }));
  }
}

module.exports = { Processes };
