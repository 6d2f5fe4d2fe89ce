// Webex under the contract of a desk, by its emulator.
import { ANNA } from '../harness.mjs';

const OWN = 'live-chat@example.com';
const AGENTS = ['anna@example.com'];
const API = '/webex/v1';

/** @type {import('./desk.mjs').Desk} */
export const webex = {
  name: 'Webex',
  settings: (document) => (document.desk.kind = 'webex'),
  routes: {
    open: `POST ${API}/rooms`,
    add: `POST ${API}/memberships`,
    watch: `POST ${API}/webhooks`,
    post: `POST ${API}/messages`,
    list: `GET ${API}/messages?`,
    read: `GET ${API}/messages/`,
  },
  looks: { open: `GET ${API}/rooms`, watch: `GET ${API}/webhooks`, post: `GET ${API}/messages?*max=50` },
  refusals: [400, 403, 409],
  longest: 7_439,
  team: ['anna@example.com'],
  agent: 'Anna Nowak',
  async threads(world) {
    const rooms = await world.rooms();
    return rooms.map(({ id, members, messages, webhooks }) => ({
      id,
      people: members.filter((member) => member !== OWN),
      lines: messages.filter(({ author }) => !AGENTS.includes(author)).map(({ author, text }) => `${author === OWN ? 'visitor' : author}: ${text}`),
      watches: webhooks.length,
    }));
  },
  async says(world, text) {
    const { id, created } = await world.agentSays(text);
    return { id, at: Date.parse(created) };
  },
  async deletes(world, { id }) {
    await world.webex(ANNA, 'DELETE', `/messages/${id}`);
  },
  async drops(world, { id }) {
    await world.webex('integration-live-chat', 'DELETE', `/rooms/${id}`);
  },
};
