// The colour of an action: the same wherever it is shown.

const COLOURS = 6;
const taken = new Map();

/** A number from 0 to 5, by order of appearance. */
export function colourOf(action) {
  if (!taken.has(action)) taken.set(action, taken.size % COLOURS);
  return taken.get(action);
}
