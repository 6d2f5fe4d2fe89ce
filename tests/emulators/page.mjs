import { readFileSync } from 'node:fs';

const FILES = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * The page on which the emulated agents read and write.
 * @returns {import('./http.mjs').Reply}
 */
export function pageReply(method, path) {
  const [name, type] = FILES[path] ?? [];
  if (method !== 'GET' || !name) return { status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'Not found.' };
  return {
    status: 200,
    headers: { 'Content-Type': type, 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store' },
    body: readFileSync(new URL(name, import.meta.url)),
  };
}
