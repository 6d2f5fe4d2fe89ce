import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { bearerToken } from './http.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const GOOGLE_AUDIENCE = 'https://oauth2.googleapis.com/token';
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/dialogflow'];
const EXPIRES_IN = 3599;
const CLOCK_SKEW = 300;
const MAX_LIFE = 3600;

/** A token that always works, for client libraries that sign nothing. */
const FIXED_TOKEN = 'google-emulator';

/** Google's token endpoint for one service account. */
export class Google {
  #clock;
  #account;
  #publicKey;
  #tokenUrl;
  #issued = new Map();

  /**
   * @param {object} serviceAccount the key file's content
   * @param {() => string} tokenUrl this endpoint's own address, which a client may name as the audience
   */
  constructor(clock, serviceAccount, tokenUrl) {
    this.#clock = clock;
    this.#account = serviceAccount.client_email;
    this.#publicKey = createPublicKey(serviceAccount.private_key);
    this.#tokenUrl = tokenUrl;
  }

  /** Forgets every token that was issued. */
  reset() {
    this.#issued.clear();
  }

  accepts(headers) {
    const token = bearerToken(headers);
    return token === FIXED_TOKEN || this.#clock.now() < (this.#issued.get(token) ?? 0);
  }

  /** `POST /google/token` */
  handle({ method, path, body }) {
    if (path !== '/token') return refuse('not_found', 'Not found.', 404);
    if (method !== 'POST') return refuse('invalid_request', 'The method is not allowed.', 405);
    const form = new URLSearchParams(body.toString());
    if (form.get('grant_type') !== GRANT) {
      return refuse('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
    return this.#check(form.get('assertion') ?? '') ?? this.#issue();
  }

  #issue() {
    const token = `ya29.${randomBytes(48).toString('base64url')}`;
    this.#issued.set(token, this.#clock.now() + EXPIRES_IN * 1000);
    return { status: 200, body: { access_token: token, expires_in: EXPIRES_IN, token_type: 'Bearer' } };
  }

  /** The refusal that this assertion earns, if any. */
  #check(assertion) {
    const [head, payload, signature] = assertion.split('.');
    const header = readPart(head);
    const claims = readPart(payload);
    if (!header || !claims || !signature) return refuse('invalid_grant', 'Bad Request');
    if (claims.iss !== this.#account) return refuse('invalid_grant', 'Invalid grant: account not found');
    const signed = Buffer.from(`${head}.${payload}`);
    const isSigned = verify('RSA-SHA256', signed, this.#publicKey, Buffer.from(signature, 'base64url'));
    if (header.alg !== 'RS256' || !isSigned) return refuse('invalid_grant', 'Invalid JWT Signature.');
    if (![GOOGLE_AUDIENCE, this.#tokenUrl()].includes(claims.aud)) {
      return refuse('invalid_grant', 'Invalid JWT: Failed audience check.');
    }
    if (!isTimely(claims)) {
      return refuse(
        'invalid_grant',
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. ' +
          'Check your iat and exp values in the JWT claim.',
      );
    }
    if (!String(claims.scope ?? '').split(' ').some((scope) => SCOPES.includes(scope))) {
      return refuse('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
    }
    return undefined;
  }
}

/** By the real clock: a caller signs with its own time, whatever the emulated clock shows. */
function isTimely({ iat, exp }) {
  const now = Date.now() / 1000;
  return iat <= now + CLOCK_SKEW && exp > now - CLOCK_SKEW && exp > iat && exp - iat <= MAX_LIFE;
}

function readPart(part) {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}

function refuse(error, description, status = 400) {
  return { status, body: { error, error_description: description } };
}
