// The least that keeps the same promise: a text is stored before anybody hears of it.
import { DurableObject } from 'cloudflare:workers';

export class Relay extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  }

  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(_, text) {
    this.ctx.storage.sql.exec('INSERT INTO message (text) VALUES (?)', text);
    for (const socket of this.ctx.getWebSockets()) socket.send(text);
  }

  webSocketClose() {}
}

export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (request.headers.get('upgrade') !== 'websocket') return new Response('relay');
    return env.RELAY.getByName(pathname).fetch(request);
  },
};
