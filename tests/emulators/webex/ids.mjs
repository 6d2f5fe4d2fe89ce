const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A Webex id: base64 of `ciscospark://REGION/TYPE/inner` without padding; `us` stands for the first region. */
export function encodeId(type, inner, region = 'us') {
  return Buffer.from(`ciscospark://${region}/${type}/${inner}`).toString('base64').replace(/=+$/, '');
}

/**
 * The id as the emulator stores it. Like the vendor, it takes a bare UUID too.
 * @returns {string | undefined} undefined when it is no id of this type
 */
export function canonicalId(type, given) {
  if (typeof given !== 'string') return undefined;
  if (UUID.test(given)) return encodeId(type, given.toLowerCase());
  const [scheme, , region, found] = Buffer.from(given, 'base64').toString().split('/');
  const isOfType = scheme === 'ciscospark:' && region !== '' && found === type;
  return isOfType ? given.replace(/=+$/, '') : undefined;
}

/** What stands behind the last slash of the decoded id. */
export function innerId(id) {
  return Buffer.from(id, 'base64').toString().split('/').slice(4).join('/');
}
