// Prints the size of each file named, one line a file: as it is, at brotli 4, as the platform compresses on the fly, and at
// gzip 9, by which it counts a worker.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

for (const path of process.argv.slice(2)) {
  const content = readFileSync(path);
  const onTheFly = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
  console.log(content.length, onTheFly.length, gzipSync(content, { level: 9 }).length);
}
