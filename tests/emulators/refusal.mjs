import { googleError } from './google-error.mjs';
import { WebexError } from './webex/errors.mjs';

/** An error answer in the shape of the vendor that this path belongs to. */
export function refusal(path, status) {
  if (path.startsWith('/webex/')) return new WebexError(status).toReply();
  if (path.startsWith('/google/')) return { status, body: { error: 'internal_failure', error_description: '' } };
  return googleError(status);
}
