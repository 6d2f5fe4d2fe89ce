const HANDOFF_TEXT = "Thank you for the conversation. I'm transferring you to an agent.";

/**
 * @typedef {object} Intent
 * @property {string} id
 * @property {string} name shown as `displayName`
 * @property {string} [event] the event that it answers
 * @property {RegExp} [says] what a visitor says to reach it
 * @property {string} [needs] a context that must be active
 * @property {string} [opens] a context that it opens
 * @property {object} [flags] what its `intent` shows
 * @property {string} [action]
 * @property {object[]} messages
 */

/** The conversation agent, first match first. @type {Intent[]} */
const INTENTS = [
  {
    id: '5a3c1d10-0001-4b6e-9c3f-2a7d8e9f0001',
    name: 'Default Welcome Intent',
    event: 'WELCOME',
    says: /^(hello|hi)\b/,
    action: 'input.welcome',
    messages: [text('Greetings! How can I assist?')],
  },
  {
    id: '5a3c1d10-0010-4b6e-9c3f-2a7d8e9f0010',
    name: 'Handed back by an agent',
    event: 'HANDED_BACK',
    messages: [text('It is me again. What else can I do for you?')],
  },
  {
    id: '5a3c1d10-0002-4b6e-9c3f-2a7d8e9f0002',
    name: 'Handoff by payload',
    says: /handoff payload/,
    messages: [text('One moment, I am looking for somebody.'), { payload: { handoff: true } }],
  },
  {
    id: '5a3c1d10-0003-4b6e-9c3f-2a7d8e9f0003',
    name: 'Transfer to agent',
    says: /\b(agent|human)\b/,
    action: 'transfer.agent',
    flags: { liveAgentHandoff: true, endInteraction: true },
    messages: [text(HANDOFF_TEXT)],
  },
  {
    id: '5a3c1d10-0004-4b6e-9c3f-2a7d8e9f0004',
    name: 'Options',
    says: /\b(opening hours|options|help)\b/,
    messages: [
      text('We are open on weekdays from 9:00 to 17:00.'),
      text('There is more that I can tell you about.'),
      { quickReplies: { title: 'Pick one', quickReplies: ['Opening hours', 'Prices', 'Transfer to agent'] } },
    ],
  },
  {
    id: '5a3c1d10-0005-4b6e-9c3f-2a7d8e9f0005',
    name: 'Prices',
    says: /\bprices?\b/,
    opens: 'prices',
    messages: [
      text('Our prices start at 19 euros a month.'),
      {
        card: {
          title: 'Starter',
          subtitle: '19 euros a month, up to three people',
          imageUri: 'https://www.example.com/starter.png',
          buttons: [
            { text: 'Compare plans', postback: 'https://www.example.com/prices' },
            { text: 'Tell me more', postback: 'tell me more' },
          ],
        },
      },
      {
        payload: {
          richContent: [
            [
              {
                type: 'chips',
                options: [{ text: 'Opening hours' }, { text: 'All plans', link: 'https://www.example.com/prices' }],
              },
            ],
          ],
        },
      },
    ],
  },
  {
    id: '5a3c1d10-0006-4b6e-9c3f-2a7d8e9f0006',
    name: 'Prices - more',
    says: /\bmore\b/,
    needs: 'prices',
    messages: [text('The team plan is 49 euros a month, for as many people as you like.')],
  },
  {
    id: '5a3c1d10-0007-4b6e-9c3f-2a7d8e9f0007',
    name: 'About the company',
    says: /\b(gaman|company)\b|what do you do/,
    messages: [text('We build live chat that connects your visitors with your team.')],
  },
  {
    id: '5a3c1d10-0008-4b6e-9c3f-2a7d8e9f0008',
    name: 'Goodbye',
    says: /\b(goodbye|bye)\b/,
    flags: { endInteraction: true },
    messages: [text('Thank you for visiting. Goodbye.')],
  },
];

/** What answers when nothing else does. @type {Intent} */
const FALLBACK = {
  id: '5a3c1d10-0009-4b6e-9c3f-2a7d8e9f0009',
  name: 'Default Fallback Intent',
  action: 'input.unknown',
  flags: { isFallback: true },
  messages: [text("Sorry, I didn't get that.")],
};

/**
 * @param {{text?: string, event?: string}} input
 * @param {(context: string) => boolean} isActive
 */
export function matchIntent({ text: said, event }, isActive) {
  const words = said?.trim().toLowerCase();
  const answers = (intent) => (event ? intent.event === event : intent.says?.test(words));
  return INTENTS.find((intent) => answers(intent) && (!intent.needs || isActive(intent.needs))) ?? FALLBACK;
}

function text(line) {
  return { text: { text: [line] } };
}
