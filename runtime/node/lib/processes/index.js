"use strict";

const { Door, ask, others } = require("./door.js");

/**
 * The processes of this pod that have a Server. The one that has the side port asks all of them, so that it speaks for the
 * pod: an app may fork by itself, below PM2 or by Node's cluster module.
 */
class Processes {
  /**
   * @param {{address?: string, port?: number}} pod  without either this process knows of no other
   * @param {Map<string, (body: any) => unknown>} answers  of this process
   */
  constructor({ address, port }, answers) {
    this.answers = answers;
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
   * @returns {Promise<import("../port/pod.js").Answer[]>} without those that do not listen
   */
  async ask(question, bodyOf = () => undefined) {
    const own = { pid: process.pid, answer: await this.answers.get(question)(bodyOf(process.pid)) };
    const rest = this.pod ? others(this.pod).map((pid) => this.#askOther(pid, question, bodyOf)) : [];
    const answers = [own, ...(await Promise.all(rest)).filter(({ error }) => !(error && error.gone))];
    return answers.map((one) => ({ ...one, name: `process ${one.pid}` }));
  }

  #askOther(pid, question, bodyOf) {
    return ask(this.pod, pid, question, bodyOf(pid)).then((answer) => ({ pid, answer }), (error) => ({ pid, error }));
  }
}

module.exports = { Processes };
