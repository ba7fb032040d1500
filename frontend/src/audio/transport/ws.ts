import { decode, type ClientEvent } from './protocol';
import type { Connect } from './transport';

/** The single-use secret travels as a subprotocol, as OpenAI's browser clients do: no token in any address. */
export const connectWebSocket: Connect = (secret, handlers) => {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  const address = `${scheme}://${window.location.host}/v1/realtime`;
  const socket = new WebSocket(address, ['realtime', `openai-insecure-api-key.${secret}`]);
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
