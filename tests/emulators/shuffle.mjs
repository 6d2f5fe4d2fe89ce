import { Chance } from './chance.mjs';

/** The items in an order that follows from a seed (Fisher-Yates). */
export function shuffled(items, seed) {
  const order = [...items];
  const chance = new Chance(seed);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = chance.whole(0, last);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** A seed to print, so that what happened can be made to happen again. */
export const newSeed = () => Math.floor(Math.random() * 2 ** 31);
