const KINDS = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials. Expected OAuth 2 access token.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission.'],
  404: ['NOT_FOUND', 'Requested entity was not found.'],
  429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
  500: ['INTERNAL', 'Internal error encountered.'],
  503: ['UNAVAILABLE', 'The service is currently unavailable.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
};

/**
 * An error answer as every Google API writes it.
 * @returns {import('./http.mjs').Reply}
 */
export function googleError(code, message) {
  const [status, text] = KINDS[code] ?? ['UNKNOWN', 'Unknown error.'];
  return { status: code, body: { error: { code, message: message ?? text, status } } };
}
