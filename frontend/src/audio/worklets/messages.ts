import type { Chunk, Rendered } from '../playerQueue';

export const CAPTURE = 'va-capture';
export const PLAYER = 'va-player';

/** One frame of the microphone at 24 kHz, and its level (root mean square, 0 to 1). */
export interface CaptureFrame {
  pcm: Int16Array;
  level: number;
}

export type PlayerCommand =
  | ({ type: 'chunk' } & Chunk)
  | { type: 'end'; generation: number; item: string }
  | { type: 'hold'; held: boolean }
  | { type: 'rewind'; item: string; ms: number }
  | { type: 'clear'; minimum: number };

/**
 * Sample counts are at the rate of the context, in whose time they were rendered; `level` is the loudest since the last
 * report, root mean square of a render quantum.
 */
export type PlayerReport = { total: number; stale: number; level: number } & (
  | { type: 'position'; heard: Rendered | null }
  | { type: 'finished'; heard: Rendered; last: boolean }
  | { type: 'held'; heard: Rendered | null }
  | { type: 'cleared'; heard: Rendered | null }
);
