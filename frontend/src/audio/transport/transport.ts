import type { ClientEvent, ServerEvent } from './protocol';

export interface TransportHandlers {
  event(event: ServerEvent): void;
  /** The connection is gone, for whatever reason; called once, and not after `close`. */
  lost(): void;
}

/** A way to the realtime service; WebSocket now, WebRTC beside it later. */
export interface Transport {
  send(event: ClientEvent): void;
  close(): void;
}

export type Connect = (ticket: string, handlers: TransportHandlers) => Transport;
