import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Capture, type CaptureHandlers } from '../../src/audio/capture';

/** A track of a microphone, with echo cancellation or as it is. */
class Track extends EventTarget {
  readyState: 'live' | 'ended' = 'live';
  muted = false;

  constructor(readonly echoCancellation: boolean) {
    super();
  }

  stop(): void {
    this.readyState = 'ended';
  }

  getSettings(): MediaTrackSettings {
    return { echoCancellation: this.echoCancellation, deviceId: 'desk' };
  }
}

const context = { resume: () => Promise.resolve() } as unknown as AudioContext;
let tracks: Track[];
let permission: Promise<void>;
let handlers: CaptureHandlers;
let capture: Capture;

const live = (): string[] => tracks.filter(({ readyState }) => readyState === 'live').map(({ echoCancellation }) => (echoCancellation ? 'cleaned' : 'raw'));
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

beforeEach(() => {
  tracks = [];
  permission = Promise.resolve();
  const getUserMedia = async ({ audio }: { audio: { echoCancellation: boolean } }): Promise<unknown> => {
    await permission;
    const track = new Track(audio.echoCancellation);
    tracks.push(track);
    return { getTracks: () => [track], getAudioTracks: () => [track] };
  };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  // Its sound never comes: only what is open counts here.
  vi.stubGlobal('MediaStreamTrackProcessor', class {
    readonly readable = new ReadableStream();
  });
  handlers = { frame: vi.fn(), raw: vi.fn(), stalled: vi.fn() };
  capture = new Capture(handlers);
});
afterEach(() => {
  capture.stop();
  vi.unstubAllGlobals();
});

describe('the microphone as it is', () => {
  test('is not opened for a button that is held', async () => {
    expect(await capture.start(context, false)).toBe(true);
    await settle();
    expect(live()).toEqual(['cleaned']);
    capture.stop();
    expect(live()).toEqual([]);
  });

  test('is opened beside the other one, once, and ends with it', async () => {
    await capture.start(context, true);
    await settle();
    await capture.start(context, true);
    await settle();
    expect(live()).toEqual(['cleaned', 'raw']);
    capture.stop();
    expect(live()).toEqual([]);
  });

  test('comes and goes with the mode, and the other one stays', async () => {
    await capture.start(context, false);
    await capture.start(context, true);
    await settle();
    expect(live()).toEqual(['cleaned', 'raw']);
    await capture.start(context, false);
    expect(live()).toEqual(['cleaned']);
    await capture.start(context, true);
    await settle();
    expect(live()).toEqual(['cleaned', 'raw']);
    expect(tracks).toHaveLength(3);
  });

  test('is ended where it opens after the mode has changed, or everything has stopped', async () => {
    for (const end of [() => void capture.start(context, false), () => capture.stop()]) {
      await capture.start(context, false);
      let allow = (): void => undefined;
      permission = new Promise((resolve) => (allow = resolve));
      await capture.start(context, true);
      end();
      allow();
      await settle();
      expect(live()).not.toContain('raw');
    }
    expect(live()).toEqual([]);
    expect(tracks.filter(({ echoCancellation }) => !echoCancellation)).toHaveLength(2);
  });

  test('follows a change of the device, and is gone with a browser that gives it cleaned only', async () => {
    await capture.start(context, true);
    await settle();
    await capture.choose('desk');
    await settle();
    expect(live()).toEqual(['cleaned', 'raw']);
    expect(tracks).toHaveLength(4);
    capture.stop();
    vi.spyOn(Track.prototype, 'getSettings').mockReturnValue({ echoCancellation: true });
    await capture.start(context, true);
    await settle();
    expect(live()).toEqual(['cleaned']);
  });

  test('a browser that cannot open a microphone twice goes without', async () => {
    await capture.start(context, false);
    permission = Promise.reject(new DOMException('busy', 'NotReadableError'));
    permission.catch(() => undefined);
    expect(await capture.start(context, true)).toBe(true);
    await settle();
    expect(live()).toEqual(['cleaned']);
  });
});
