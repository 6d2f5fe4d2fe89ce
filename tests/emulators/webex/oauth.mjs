import { randomBytes } from 'node:crypto';
import { bearerToken } from '../http.mjs';
import { readFields } from './body.mjs';
import { INTEGRATION, PEOPLE } from './directory.mjs';
import { WebexError } from './errors.mjs';

const CLIENT_ID = 'C0ffee-live-chat';
const CLIENT_SECRET = 'emulator-client-secret';
/** What the operator was given; the n-th one after it ends in `.n`. */
const REFRESH_TOKEN = 'refresh-integration-live-chat';
/** How long a refresh token works after the next one was given out, for a caller who has not heard the answer. */
const GRACE_MS = 60_000;
const ACCESS_SECONDS = 1209599;
const REFRESH_SECONDS = 7775999;
const SCOPE = [
  'spark:kms',
  'spark:memberships_read',
  'spark:memberships_write',
  'spark:messages_read',
  'spark:messages_write',
  'spark:people_read',
  'spark:rooms_read',
  'spark:rooms_write',
].join(' ');

/** Access tokens: the fixed ones of the directory, and those the integration was given. */
export class Tokens {
  #issued = new Map();
  #clock;
  #refreshUntil;
  #newest = 0;
  #rotatedAt = 0;

  constructor(clock) {
    this.#clock = clock;
    this.reset();
  }

  /** Tokens that were issued stay, and any refresh token is the newest: those who call have not forgotten theirs. */
  reset() {
    this.#newest = 0;
    this.#refreshUntil = this.#clock.now() + REFRESH_SECONDS * 1000;
  }

  /** Forgets every token that was issued; the fixed ones stay. */
  revokeIssued() {
    this.#issued.clear();
  }

  /** Whose token a request carries, if it carries a valid one. */
  callerOf(headers) {
    const token = bearerToken(headers);
    if (token === undefined) return undefined;
    const expiresAt = this.#issued.get(token);
    if (expiresAt !== undefined) return this.#clock.now() < expiresAt ? INTEGRATION : undefined;
    return PEOPLE.find((person) => person.token === token);
  }

  /** `POST /access_token` with the refresh grant. */
  refresh(call) {
    const { fields } = readFields(call);
    const client = clientOf(call.headers, fields);
    if (client.id !== CLIENT_ID) throw new WebexError(400, undefined, 'Client Id is invalid');
    if (client.secret !== CLIENT_SECRET) throw new WebexError(400, undefined, 'Client Secret is invalid');
    if (fields.grant_type !== 'refresh_token') throw new WebexError(400, undefined, 'Grant type is not supported');
    if (!this.#rotate(String(fields.refresh_token))) {
      throw new WebexError(400, 'The refresh token provided is expired, revoked, malformed, or invalid.');
    }
    this.#refreshUntil = this.#clock.now() + REFRESH_SECONDS * 1000;
    const token = randomBytes(48).toString('hex');
    this.#issued.set(token, this.#clock.now() + ACCESS_SECONDS * 1000);
    return {
      status: 200,
      body: {
        access_token: token,
        expires_in: ACCESS_SECONDS,
        refresh_token: `${REFRESH_TOKEN}.${this.#newest}`,
        refresh_token_expires_in: REFRESH_SECONDS,
        token_type: 'Bearer',
        scope: SCOPE,
      },
    };
  }

  /** Gives out the next refresh token for this one. False when it is none, or too old. */
  #rotate(given) {
    const now = this.#clock.now();
    const [start, number = '0', ...rest] = given.split('.');
    if (start !== REFRESH_TOKEN || !/^\d+$/.test(number) || rest.length > 0 || now >= this.#refreshUntil) return false;
    const isLate = Number(number) === this.#newest - 1 && now - this.#rotatedAt < GRACE_MS;
    if (Number(number) < this.#newest && !isLate) return false;
    if (!isLate) {
      this.#newest = Number(number) + 1;
      this.#rotatedAt = now;
    }
    return true;
  }
}

function clientOf(headers, fields) {
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (basic === undefined) return { id: fields.client_id, secret: fields.client_secret };
  const [id, secret] = Buffer.from(basic, 'base64').toString().split(':');
  return { id, secret };
}
