import { encodeId } from './ids.mjs';

export const ORG_ID = encodeId('ORGANIZATION', '6f0c3a51-7f2e-4a0b-9d55-1f4b8f2c9a10');

/** Everyone in the emulated organisation, with the token that never expires. */
export const PEOPLE = [
  person('0a1d8c3e-5b7f-4c21-8e94-2f60b1d3a7c1', 'anna@example.com', 'Anna Nowak', 'person', 'agent-anna'),
  person('1b2e9d4f-6c80-4d32-9fa5-3071c2e4b8d2', 'ben@example.com', 'Ben Okafor', 'person', 'agent-ben'),
  person('2c3fae50-7d91-4e43-a0b6-4182d3f5c9e3', 'live-chat@example.com', 'Live Chat', 'person', 'integration-live-chat'),
  person('3d40bf61-8ea2-4f54-b1c7-5293e406daf4', 'live-chat@webex.bot', 'Live Chat Bot', 'bot', 'bot-live-chat'),
];

/** The person that the OAuth integration acts for. */
export const INTEGRATION = PEOPLE[2];

function person(uuid, email, displayName, type, token) {
  return { id: encodeId('PEOPLE', uuid), email, displayName, type, token };
}

export function personById(id) {
  return PEOPLE.find((one) => one.id === id);
}

export function personByEmail(email) {
  return PEOPLE.find((one) => one.email === String(email).toLowerCase());
}

/** The person as `/people` shows them. */
export function personView({ id, email, displayName, type }) {
  const [firstName, ...rest] = displayName.split(' ');
  return {
    id,
    emails: [email],
    phoneNumbers: [],
    displayName,
    nickName: firstName,
    firstName,
    lastName: rest.join(' '),
    orgId: ORG_ID,
    created: '2024-01-15T08:00:00.000Z',
    lastModified: '2024-01-15T08:00:00.000Z',
    status: 'active',
    type,
  };
}
