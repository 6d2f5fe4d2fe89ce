// Prints the brotli-11 and the gzip-9 size of each file named, one line a file.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

for (const path of process.argv.slice(2)) {
  const content = readFileSync(path);
  console.log(brotliCompressSync(content).length, gzipSync(content, { level: 9 }).length);
}
