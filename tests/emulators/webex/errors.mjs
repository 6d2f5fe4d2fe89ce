import { randomUUID } from 'node:crypto';

const TEXTS = {
  400: 'The request could not be understood by the server due to malformed syntax.',
  401: 'The request requires a valid access token set in the Authorization request header.',
  403: 'The server understood the request, but refused to fulfill it.',
  404: 'The requested resource could not be found.',
  405: 'The method is not allowed for this resource.',
  409: 'The request could not be processed because of a conflict.',
  410: 'The file is infected and was removed.',
  423: 'The file is being scanned for malware. Try again later.',
  428: 'The file cannot be scanned for malware. Add allow=unscannable to download it all the same.',
  429: 'Too many requests have been sent in a given amount of time and the request has been rate limited.',
  502: 'The server received an invalid response from an upstream server.',
  503: 'Server is overloaded with requests. Try again later.',
};

/** A refusal, answered in the vendor's error shape. */
export class WebexError extends Error {
  constructor(status, message = defaultText(status), description = message, headers = {}) {
    super(message);
    this.status = status;
    this.description = description;
    this.headers = headers;
  }

  /** @returns {import('../http.mjs').Reply} */
  toReply() {
    const trackingId = newTrackingId();
    return {
      status: this.status,
      headers: { trackingid: trackingId, ...this.headers },
      body: { message: this.message, errors: [{ description: this.description }], trackingId },
    };
  }
}

/** `ROUTER_` and an upper-case UUID, as every answer carries it. */
export function newTrackingId() {
  return `ROUTER_${randomUUID().toUpperCase()}`;
}

function defaultText(status) {
  return TEXTS[status] ?? 'Something went wrong on the server.';
}
