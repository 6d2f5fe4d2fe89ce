// Dialogflow ES under the contract of a bot, by its emulator.

/** @type {import('./bot.mjs').Bot} */
export const dialogflow = {
  name: 'Dialogflow ES',
  settings: (document) => (document.bot.kind = 'dialogflow'),
  route: 'POST /dialogflow',
  welcome: 'Greetings! How can I assist?',
  replies: {
    says: 'options',
    answers: [
      'We are open on weekdays from 9:00 to 17:00.',
      'There is more that I can tell you about.',
      'Pick one [Opening hours,Prices,Transfer to agent]',
    ],
  },
  handsOff: { says: 'transfer to agent', answers: ["Thank you for the conversation. I'm transferring you to an agent."] },
  misunderstood: ['xyzzy', 'plugh', 'plover'],
  longest: 256,
  asked({ path, body }) {
    return { session: path.split('/sessions/')[1].split(':')[0], text: body.queryInput.text?.text };
  },
  async forgetsTokens(world) {
    await world.control('POST', '/tokens/revoke', { google: true });
  },
};
