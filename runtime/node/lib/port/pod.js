"use strict";

/**
 * The processes of a pod as whoever speaks for them sees them: equals that find each other (processes/), or workers below
 * their primary (workers/).
 * @typedef {object} Pod
 * @property {boolean} draining
 * @property {(question: string, bodyOf?: (pid: number) => object) => Promise<Answer[]>} ask
 * @property {(answers: Answer[]) => State} state  whether the pod is ready, by answers to "state" or "status"
 * @property {(asked: {seconds: number, after: number, terminating: boolean}) => Promise<unknown>} drain
 * @property {() => Promise<unknown> | void} terminates  it drains already or will do so, and then it ends
 * @property {() => Promise<{type: string, text: string}>} metrics
 * @property {(answers: Answer[]) => object} describe  what /status has beside what all pods have
 */

/**
 * Of one process. `answer`: to the question; `error`: it gave none. `name`: as people read it.
 * @typedef {{pid: number, name: string, answer?: any, error?: Error}} Answer
 */

/** @typedef {{ready: boolean, reason?: string, message?: string, listens?: object}} State */

/** @returns {State} */
function notReady(reason, message) {
  return { ready: false, reason, message };
}

/** @returns {State} the readiness in the answer of a process to "state" or "status" */
function readinessOf({ ready, reason, message, listens }) {
  return { ready, ...(reason && { reason, message }), ...(listens && { listens }) };
}

module.exports = { notReady, readinessOf };
