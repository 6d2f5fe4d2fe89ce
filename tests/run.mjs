// Runs test files in the order given, so many at a time. `node --test` would sort them by name.
//   node tests/run.mjs 5 tests/edge/cases.test.mjs tests/edge/text.test.mjs …
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** A test that hangs must not take the time of all the others. */
const TIMEOUT_MS = 900_000;

const [sideBySide, ...files] = process.argv.slice(2);
run({ files, concurrency: Number(sideBySide), timeout: TIMEOUT_MS })
  .on('test:fail', () => (process.exitCode = 1))
  .compose(spec)
  .pipe(process.stdout);
