import type { Chunk, Rendered } from '../playerQueue';

export const CAPTURE = 'va-capture';
export const PLAYER = 'va-player';

/** One 20 ms frame of the microphone at 24 kHz, and its level (root mean square, 0 to 1). */
export interface CaptureFrame {
  pcm: Int16Array;
  level: number;
}

export type PlayerCommand =
  | ({ type: 'chunk' } & Chunk)
  | { type: 'end'; generation: number; item: string }
  | { type: 'clear'; minimum: number };

/** Sample counts are at the rate of the context, in whose time they were rendered. */
export type PlayerReport =
  | { type: 'position'; heard: Rendered | null; total: number; stale: number }
  | { type: 'finished'; heard: Rendered; last: boolean; total: number; stale: number }
  | { type: 'cleared'; heard: Rendered | null; total: number; stale: number };
