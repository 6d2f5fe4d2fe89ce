/** The vendor calls that came in, in order. Tokens and form bodies are not kept. */
export class RequestLog {
  /** Entries that are kept: the newest. */
  longest = 10_000;
  #entries = [];

  get entries() {
    return this.#entries;
  }

  clear() {
    this.#entries = [];
  }

  /**
   * Notes a call as it comes in; the status is filled in when it is answered.
   * @param {{method: string, path: string, at: string, who?: string}} call
   */
  add(call, headers, body) {
    const isJson = (headers['content-type'] ?? '').startsWith('application/json');
    const entry = { ...call, status: null, body: isJson ? parse(body) : undefined };
    this.#entries.push(entry);
    if (this.#entries.length > this.longest) this.#entries.shift();
    return entry;
  }
}

function parse(body) {
  try {
    return JSON.parse(body.toString());
  } catch {
    return body.toString();
  }
}
