import { decode, type ClientEvent } from './protocol';
import type { Connect } from './transport';

/** A browser sets no header on a socket, so the single-use ticket travels as a subprotocol: no token in any address. */
export const connectWebSocket: Connect = (ticket, handlers) => {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  const address = `${scheme}://${window.location.host}/v1/realtime`;
  const socket = new WebSocket(address, ['realtime', `voiceassist-ticket.${ticket}`]);
  let closed = false;
  socket.onmessage = (message: MessageEvent<unknown>) => {
    const event = typeof message.data === 'string' ? decode(message.data) : null;
    if (event && !closed) handlers.event(event);
  };
  socket.onclose = () => {
    if (!closed) handlers.lost();
    closed = true;
  };
  return {
    send(event: ClientEvent): void {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(event));
    },
    close(): void {
      closed = true;
      socket.close(1000);
    },
  };
};
