import { randomBytes } from 'node:crypto';
import { bearerToken } from '../http.mjs';
import { readFields } from './body.mjs';
import { INTEGRATIONS, PEOPLE } from './directory.mjs';
import { WebexError } from './errors.mjs';

const CLIENT_ID = 'C0ffee-live-chat';
const CLIENT_SECRET = 'emulator-client-secret';
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

/** What one person has granted the integration, as a row of refresh tokens. */
class Grant {
  person;
  /** What the operator was given; the n-th one after it ends in `.n`. */
  #first;
  #clock;
  #until;
  #newest;
  #rotatedAt = 0;

  constructor(person, clock) {
    this.person = person;
    this.#first = `refresh-${person.token}`;
    this.#clock = clock;
    this.reset();
  }

  /** Any refresh token is the newest: those who call have not forgotten theirs. */
  reset() {
    this.#newest = 0;
    this.#renew();
  }

  withdraw() {
    this.#until = 0;
  }

  /** The next refresh token for this one; undefined when it is none of these, or too old. */
  rotate(given) {
    const now = this.#clock.now();
    const [start, number = '0', ...rest] = given.split('.');
    if (start !== this.#first || !/^\d+$/.test(number) || rest.length > 0 || now >= this.#until) return undefined;
    const isLate = Number(number) === this.#newest - 1 && now - this.#rotatedAt < GRACE_MS;
    if (Number(number) < this.#newest && !isLate) return undefined;
    if (!isLate) {
      this.#newest = Number(number) + 1;
      this.#rotatedAt = now;
    }
    this.#renew();
    return `${this.#first}.${this.#newest}`;
  }

  #renew() {
    this.#until = this.#clock.now() + REFRESH_SECONDS * 1000;
  }
}

/** Access tokens: the fixed ones of the directory, and those the integration was given. */
export class Tokens {
  /** Whose each is, and until when. */
  #issued = new Map();
  #grants;
  #clock;

  constructor(clock) {
    this.#clock = clock;
    this.#grants = INTEGRATIONS.map((person) => new Grant(person, clock));
  }

  /** Tokens that were issued stay. */
  reset() {
    for (const grant of this.#grants) grant.reset();
  }

  /** Forgets every token that was issued; the fixed ones stay. */
  revokeIssued() {
    this.#issued.clear();
  }

  /** This person does not let the integration act for them any more. */
  withdraw(email) {
    const grant = this.#grants.find(({ person }) => person.email === email);
    if (!grant) throw new RangeError(`${email} has granted nothing`);
    grant.withdraw();
    for (const [token, { person }] of this.#issued) if (person === grant.person) this.#issued.delete(token);
  }

  /** Whose token a request carries, if it carries a valid one. */
  callerOf(headers) {
    const token = bearerToken(headers);
    if (token === undefined) return undefined;
    const issued = this.#issued.get(token);
    if (issued) return this.#clock.now() < issued.expiresAt ? issued.person : undefined;
    return PEOPLE.find((person) => person.token === token);
  }

  /** `POST /access_token` with the refresh grant. */
  refresh(call) {
    const { fields } = readFields(call);
    const client = clientOf(call.headers, fields);
    if (client.id !== CLIENT_ID) throw new WebexError(400, undefined, 'Client Id is invalid');
    if (client.secret !== CLIENT_SECRET) throw new WebexError(400, undefined, 'Client Secret is invalid');
    if (fields.grant_type !== 'refresh_token') throw new WebexError(400, undefined, 'Grant type is not supported');
    let next;
    const grant = this.#grants.find((one) => (next = one.rotate(String(fields.refresh_token))));
    if (!grant) {
      throw new WebexError(400, 'The refresh token provided is expired, revoked, malformed, or invalid.');
    }
    const token = randomBytes(48).toString('hex');
    this.#issued.set(token, { person: grant.person, expiresAt: this.#clock.now() + ACCESS_SECONDS * 1000 });
    return {
      status: 200,
      body: {
        access_token: token,
        expires_in: ACCESS_SECONDS,
        refresh_token: next,
        refresh_token_expires_in: REFRESH_SECONDS,
        token_type: 'Bearer',
        scope: SCOPE,
      },
    };
  }
}

function clientOf(headers, fields) {
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (basic === undefined) return { id: fields.client_id, secret: fields.client_secret };
  const [id, secret] = Buffer.from(basic, 'base64').toString().split(':');
  return { id, secret };
}
