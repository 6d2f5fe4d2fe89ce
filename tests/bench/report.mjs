// The figures as a table.

/** One value of the sorted times. */
export function percentile(times, share) {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))];
}

export function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** @param {{name: string, relay: object[], edgechat: object[]}[]} cases the rounds of each */
export function printCases(cases) {
  row('best/median of the rounds', 'p50 µs', 'p99 µs', 'messages/s', 'CPU µs/message');
  for (const { name, relay, edgechat } of cases) {
    console.log(name);
    for (const [kind, rounds] of [['relay', relay], ['edgechat', edgechat]]) {
      row(`  ${kind}`, spread(rounds, 'p50'), spread(rounds, 'p99'), spread(rounds, 'perSecond', Math.max), spread(rounds, 'cpu'));
    }
    const ratio = (key) => `×${ratioOf(edgechat, relay, key).toFixed(2)}`;
    row('  ratio', ratio('p50'), ratio('p99'), ratio('perSecond'), ratio('cpu'));
  }
}

export function printRatio(name, rounds, base) {
  const ratio = (key) => `×${ratioOf(rounds, base, key).toFixed(2)}`;
  row(name, ratio('p50'), ratio('p99'), ratio('perSecond'), ratio('cpu'));
}

export function printAnswers(rounds) {
  row('agent → visitor', spread(rounds, 'p50'), spread(rounds, 'p99'));
}

/** The median of what each round gives against the same round of the other. */
function ratioOf(rounds, base, key) {
  return median(rounds.map((round, index) => round[key] / base[index][key]));
}

function spread(rounds, key, best = Math.min) {
  const values = rounds.map((round) => round[key]);
  return `${best(...values).toFixed(0)}/${median(values).toFixed(0)}`;
}

function row(name, ...cells) {
  console.log((name.padEnd(32) + cells.map((cell) => cell.padStart(15)).join('')).trimEnd());
}
