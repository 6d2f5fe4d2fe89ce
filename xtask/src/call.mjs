// One HTTP call: reads `{url, method, token, body}` from standard input, prints what came of it.
import { text } from 'node:stream/consumers';

const { url, method, token, body } = JSON.parse(await text(process.stdin));
const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };

async function call() {
  try {
    const answer = await fetch(url, { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(30_000) });
    return { answered: { status: answer.status, body: await answer.text() } };
  } catch (error) {
    return { failed: error.cause?.message || error.message };
  }
}

console.log(JSON.stringify(await call()));
