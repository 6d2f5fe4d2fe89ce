// The load: conversations that begin, and what visitors and agents do in them. The seed fixes what they do and in
// which order, not the exact time.
import { setTimeout as sleep } from 'node:timers/promises';
import { referenceIn } from './desk.mjs';
import { agentText, noteText, visitorText } from './texts.mjs';
import { SoakVisitor } from './visitor.mjs';

/** Conversations begin within this time, or within the first third of the load. */
const ARRIVING_MS = 60_000;
/** Between two things that one side does, on average. */
const VISITOR_PAUSE_MS = 16_000;
const AGENT_PAUSE_MS = 20_000;
const POLLING = 0.15;

const TOPICS = ['support', 'support', 'person', 'person', 'mixed', 'sales'];
const ANSWERS = { sales: { name: 'Zoë Ångström', email: 'zoe@example.com' } };

/** The built-in settings, in which nobody is closed for saying nothing, and everybody may say a lot. */
export function settings(document) {
  document.timeouts = { silence: 50_000, warning: 60, lost: 50_000 };
  document.messages_per_minute = 6_000;
  const participants = ['anna@example.com', 'ben@example.com'];
  document.topics.push({ id: 'mixed', label: 'Talk to somebody', participants, room: 'mixed', bot: 'off' });
}

export class Load {
  conversations = [];
  /** Files that Webex held back for a while. */
  scanned = 0;
  #world;
  #desk;
  #hard;
  #scans;
  #isOver = false;
  #arriving = ARRIVING_MS;

  constructor(world, desk, { conversations, chance, hard, scans }) {
    this.#world = world;
    this.#desk = desk;
    this.#hard = hard;
    this.#scans = scans;
    for (let index = 1; index <= conversations; index += 1) {
      const own = chance.of(`conversation ${index}`);
      const visitor = new SoakVisitor(world, own, { polls: own.happens(POLLING) });
      const topic = own.one(TOPICS);
      this.conversations.push({ index, topic, chance: own, visitor, said: [], files: [], answers: [], notes: [] });
    }
  }

  /** Until the time is over and everybody has stopped. */
  async run(ms) {
    this.#arriving = Math.min(ARRIVING_MS, ms / 3);
    const lives = this.conversations.map((conversation) => this.#live(conversation));
    const late = setTimeout(() => this.stop(), ms);
    try {
      await Promise.all(lives);
    } finally {
      clearTimeout(late);
    }
  }

  /** Those that have begun. */
  get begun() {
    return this.conversations.filter(({ reference }) => reference);
  }

  stop() {
    this.#isOver = true;
  }

  count(what) {
    return this.conversations.reduce((sum, conversation) => sum + conversation[what].length, 0);
  }

  async #live(conversation) {
    const { chance, topic, visitor } = conversation;
    await this.#pause(chance.between(0, this.#arriving));
    if (this.#isOver) return;
    await visitor.begin(topic, ANSWERS[topic], () => this.#isOver);
    conversation.reference = referenceIn(visitor.session.conversation);
    await Promise.all([this.#visit(conversation), this.#answer(conversation)]);
  }

  async #visit(conversation) {
    const { visitor } = conversation;
    const chance = conversation.chance.of('visitor');
    while (!this.#isOver) {
      const deed = chance.next();
      for (let left = deed < 0.15 ? 3 : 1; left > 0; left -= 1) this.#write(conversation, chance);
      // Often in the middle of it, when nobody knows what has arrived.
      if (deed > 0.85) visitor.loseConnection(chance.between(0, 6_000));
      if (deed > 0.8 && deed < 0.83) await this.#upload(conversation, chance);
      if (deed > 0.78 && deed < 0.8) visitor.ask('ask_for_person');
      await this.#pause(chance.wait(VISITOR_PAUSE_MS));
    }
  }

  #write({ index, visitor, said }, chance) {
    const tag = `v${index}x${said.length + 1}z`;
    const message = { id: `message-${tag}`, text: visitorText(chance, tag), at: Date.now() };
    said.push(message);
    visitor.write(message.id, message.text);
  }

  /** The panel keeps a file until its entry is there, and tries again with the same id. */
  async #upload({ index, visitor, files }, chance) {
    const name = `file v${index}x${files.length + 1}z ż.txt`;
    const bytes = Buffer.from(`${name}\n`.repeat(chance.whole(1, 200)));
    const file = { id: `file-v${index}x${files.length + 1}z`, name, bytes };
    files.push(file);
    const query = new URLSearchParams({ id: file.id, name });
    const path = `/v1/conversations/${visitor.session.conversation}/files?${query}`;
    const headers = { authorization: `Bearer ${visitor.session.token}`, 'content-type': 'text/plain' };
    for (;;) {
      const answer = await this.#world.post(path, bytes, headers).catch(() => undefined);
      if (answer?.status === 204) return;
      if (answer && answer.status < 500) throw new Error(`a file was refused: ${JSON.stringify(answer)}`);
      await sleep(chance.between(500, 2_000));
    }
  }

  async #answer(conversation) {
    const chance = conversation.chance.of('agents');
    while (!this.#isOver) {
      await this.#pause(chance.wait(AGENT_PAUSE_MS));
      const room = this.#desk.roomOf(conversation.reference);
      if (this.#isOver || !room) continue;
      const deed = chance.next();
      for (let left = deed < 0.2 ? 3 : 1; left > 0; left -= 1) await this.#say(conversation, room, deed, chance);
    }
  }

  async #say({ index, answers, notes }, room, deed, chance) {
    const agent = chance.one(room.agents);
    if (deed > 0.97) {
      const text = noteText(`a${index}x${1_000 + notes.length}z`);
      notes.push(text);
      await this.#desk.say(agent, room.id, { text });
      return;
    }
    const tag = `a${index}x${answers.length + 1}z`;
    const answer = { tag, at: Date.now() };
    answers.push(answer);
    if (deed > 0.94) {
      const [name, bytes] = [`answer ${tag} ł.txt`, Buffer.from(`${tag}\n`.repeat(chance.whole(1, 500)))];
      const text = `Here it is: ${tag}`;
      const message = await this.#desk.sendFile(agent, room.id, { name, bytes, text });
      if (chance.happens(this.#scans)) {
        this.#desk.scan(message.files[0]);
        this.scanned += 1;
      }
      Object.assign(answer, { shown: text, file: { name, bytes }, id: message.id, created: message.created });
    } else {
      const { shown, ...words } = agentText(chance, tag, { hard: this.#hard });
      const message = await this.#desk.say(agent, room.id, words);
      Object.assign(answer, { shown, id: message.id, created: message.created });
    }
  }

  /** Shorter when the load ends meanwhile. */
  async #pause(ms) {
    const end = Date.now() + Math.min(ms, ARRIVING_MS);
    while (!this.#isOver && Date.now() < end) await sleep(Math.min(250, Math.max(1, end - Date.now())));
  }
}
