// Command lines: what is missing or unknown ends the program with its usage.

import { parseArgs } from "node:util";

/**
 * Parses the program's own arguments.
 *
 * @param {string} usage printed when they are not understood
 * @param {object} options as `parseArgs` takes them
 * @param {number} positionals how many words without a dash there have to be
 */
export function read(usage, options, positionals = 0) {
  try {
    const parsed = parseArgs({ options, allowPositionals: positionals > 0, strict: true });
    if (parsed.positionals.length !== positionals) {
      throw new Error(`wants ${positionals} argument(s)`);
    }
    return parsed;
  } catch (error) {
    return refuse(usage, error.message);
  }
}

/**
 * A number within its range, or the end of the program.
 *
 * @param {string} usage printed when it is not one
 * @param {string} name the option's name
 * @param {string} text what was given
 * @param {number} least
 * @param {number} most
 */
export function number(usage, name, text, least, most) {
  const value = Number(text);
  if (!(value >= least && value <= most)) {
    refuse(usage, `--${name} wants a number from ${least} to ${most}, not ${text}`);
  }
  return value;
}

/** Ends the program as one that was called wrongly. */
export function refuse(usage, why) {
  process.stderr.write(`${why}\n${usage}\n`);
  process.exit(2);
}
