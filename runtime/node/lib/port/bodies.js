"use strict";

const LONGEST_SECONDS = 3600;
const HIGHEST_COUNT = 1e6;

/** @returns {{seconds: number, after: number, terminating: boolean} | {error: string, message: string}} what a POST to /drain asks for */
function drainAsked(body) {
  const asked = numbersOf(body, { seconds: LONGEST_SECONDS, after: LONGEST_SECONDS }, { after: 0 });
  return asked.error ? asked : { ...asked, terminating: JSON.parse(body).terminating === true };
}

/** @returns {{count: number, seconds: number} | {error: string, message: string}} what a POST to /shed asks for */
function shedAsked(body) {
  const asked = numbersOf(body, { count: HIGHEST_COUNT, seconds: LONGEST_SECONDS });
  return asked.error || Number.isInteger(asked.count) ? asked : { error: "BadRequest", message: "count is not a whole number" };
}

/** @returns {object} the numbers of that name, each from 0 to its bound, or as left out; or {error, message} */
function numbersOf(body, bounds, leftOut = {}) {
  let value;
  try {
    value = JSON.parse(body);
  } catch {
    return { error: "BadRequest", message: "the body is not JSON" };
  }
  const numbers = {};
  for (const [name, most] of Object.entries(bounds)) {
    const number = value && (value[name] ?? leftOut[name]);
    if (!(typeof number === "number" && number >= 0 && number <= most)) {
      return { error: "BadRequest", message: `${name} is not a number from 0 to ${most}` };
    }
    numbers[name] = number;
  }
  return numbers;
}

module.exports = { drainAsked, shedAsked };
