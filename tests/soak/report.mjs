// What is printed: a line now and then, and a table at the end.

const MOST_LINES = 25;
/** Of one kind. */
const MOST_SHOWN = 8;
const KINDS = ['lost', 'doubled', 'out of order', 'leaked', 'altered', 'left over', 'odd'];

export function progress(seconds, { conversations, load, evidence, restarts }) {
  const parts = [
    `${String(seconds).padStart(5)} s`,
    `${conversations} conversations`,
    `${load.count('said') + load.count('files')} messages of visitors`,
    `${load.count('answers')} of agents`,
    `${evidence.calls} calls`,
    `${evidence.faults} faults`,
    `${restarts} restarts`,
  ];
  console.log(parts.join('  '));
}

export function table(rows) {
  console.log();
  for (const [name, value] of rows) console.log(`${name.padEnd(34)}${String(value).padStart(8)}`);
  console.log();
}

/** One that was found, and everything the emulators know of it. */
export function printDifferences(differences, evidence) {
  const shown = KINDS.flatMap((kind) => differences.filter((one) => one.kind === kind).slice(0, MOST_SHOWN));
  for (const { conversation, ...difference } of shown) {
    const { index, topic, reference } = conversation;
    console.log(`${difference.kind}: ${difference.what} (conversation ${index}, ${topic}, ${reference})`);
    if (difference.text) console.log(`    “${difference.text.slice(0, 100).replaceAll('\n', ' ')}”`);
    const lines = evidence.about(difference);
    for (const line of lines.slice(-MOST_LINES)) console.log(`    ${line}`);
    if (lines.length > MOST_LINES) console.log(`    and ${lines.length - MOST_LINES} before`);
  }
  if (differences.length > shown.length) console.log(`… and ${differences.length - shown.length} more`);
}

/** The last lines. False: there is something to repeat. */
export function verdict(differences, { others, command }) {
  const count = (...kinds) => differences.filter(({ kind }) => kinds.includes(kind)).length;
  const figures = `${count('lost')} lost, ${count('doubled')} doubled, ${count('out of order')} out of order`;
  if (differences.length === 0 && others.length === 0) {
    console.log(`transcript = room, ${figures}`);
    return true;
  }
  const rest = count('altered', 'leaked', 'left over', 'odd');
  console.log(`transcript ≠ room: ${figures}${rest > 0 ? `, ${rest} other differences` : ''}`);
  for (const line of others) console.log(line);
  console.log(`Again: ${command}`);
  return false;
}
