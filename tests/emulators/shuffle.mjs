/** The items in an order that follows from a seed (Fisher-Yates by mulberry32). */
export function shuffled(items, seed) {
  const order = [...items];
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(next() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** A seed to print, so that what happened can be made to happen again. */
export const newSeed = () => Math.floor(Math.random() * 2 ** 31);
