import { encodeId } from './ids.mjs';

export const ORG_ID = encodeId('ORGANIZATION', '6f0c3a51-7f2e-4a0b-9d55-1f4b8f2c9a10');

const PARTNER_ORG_ID = encodeId('ORGANIZATION', '7a1d4b62-8b3f-4c1a-8e66-2a5c9a3d0b21');

/** Everyone, with the token that never expires. The last one belongs to another organisation. */
export const PEOPLE = [
  person('0a1d8c3e-5b7f-4c21-8e94-2f60b1d3a7c1', 'anna@example.com', 'Anna Nowak', 'person', 'agent-anna'),
  person('1b2e9d4f-6c80-4d32-9fa5-3071c2e4b8d2', 'ben@example.com', 'Ben Okafor', 'person', 'agent-ben'),
  person('4e51c072-9fb3-4065-82d8-63a4f517eb05', 'carl@example.com', 'Carl Weber', 'person', 'agent-carl'),
  person('2c3fae50-7d91-4e43-a0b6-4182d3f5c9e3', 'live-chat@example.com', 'Live Chat', 'person', 'integration-live-chat'),
  person('3d40bf61-8ea2-4f54-b1c7-5293e406daf4', 'live-chat@webex.bot', 'Live Chat Bot', 'bot', 'bot-live-chat'),
  person('5f62d183-a0c4-4176-93e9-74b50628fc16', 'admin@example.com', 'Ada Admin', 'person'),
  person('71840fa5-c2e6-4398-b50b-96d7284abe38', 'live-chat-2@example.com', 'Live Chat 2', 'person', 'integration-live-chat-2'),
  person('6073e294-b1d5-4287-a4fa-85c61739ad27', 'dora@partner.example', 'Dora Lind', 'person', 'agent-dora', PARTNER_ORG_ID),
];

/** The people that the OAuth integration acts for. */
export const INTEGRATIONS = [personByEmail('live-chat@example.com'), personByEmail('live-chat-2@example.com')];

/** Who does what the control API tells an admin to do. */
export const ADMIN = personByEmail('admin@example.com');

/** What the status of a person can be. */
export const STATUSES = [
  'active',
  'call',
  'DoNotDisturb',
  'inactive',
  'meeting',
  'OutOfOffice',
  'pending',
  'presenting',
  'unknown',
];

function person(uuid, email, displayName, type, token, orgId = ORG_ID) {
  return { id: encodeId('PEOPLE', uuid), email, displayName, type, token, orgId };
}

export function personById(id) {
  return PEOPLE.find((one) => one.id === id);
}

export function personByEmail(email) {
  return PEOPLE.find((one) => one.email === String(email).toLowerCase());
}

/** The person as `/people` shows them, with a status only if one is given. */
export function personView({ id, email, displayName, type, orgId }, status) {
  const [firstName, ...rest] = displayName.split(' ');
  return {
    id,
    emails: [email],
    phoneNumbers: [],
    displayName,
    nickName: firstName,
    firstName,
    lastName: rest.join(' '),
    orgId,
    created: '2024-01-15T08:00:00.000Z',
    lastModified: '2024-01-15T08:00:00.000Z',
    status,
    type,
  };
}
