const ERROR = {
  code: 'kms_failure',
  reason:
    'Key management server failed to respond appropriately. For more information: https://developer.webex.com/errors',
};

/** What stands in a field whose key cannot be had: the text as it is kept. */
const CIPHERTEXT = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..8Qv1lJ4Xk0.b3BhcXVl.3mF0bG9zdA';

/** Items that are shown with a field encrypted and an error beside it, by themselves or in a list among others. */
export class Unreadable {
  #fields = new Map();

  reset() {
    this.#fields.clear();
  }

  /** @param {number} times how often it is shown so; 0 makes it readable again */
  mark(id, field, times) {
    if (times > 0) this.#fields.set(id, { field, times });
    else this.#fields.delete(id);
  }

  /** @param {import('../http.mjs').Reply} reply as the vendor's own, maybe a list */
  apply(reply) {
    if (this.#fields.size === 0 || !reply.body) return reply;
    if (!reply.body.items) return { ...reply, body: this.#show(reply.body) };
    return { ...reply, body: { ...reply.body, items: reply.body.items.map((item) => this.#show(item)) } };
  }

  #show(item) {
    const mark = this.#fields.get(item.id);
    if (!mark) return item;
    mark.times -= 1;
    if (mark.times === 0) this.#fields.delete(item.id);
    return { ...item, [mark.field]: CIPHERTEXT, errors: { [mark.field]: ERROR } };
  }
}
