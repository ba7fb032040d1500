// @vitest-environment jsdom
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import MicrophoneDialog from '../../src/features/microphone/MicrophoneDialog';

interface Opened {
  device: string | null;
  ended: boolean;
}

const choose = vi.fn();
let devices: Partial<MediaDeviceInfo>[];
let opened: Opened[];
let refusal: DOMException | null;
let tones: number;
let plugged: EventTarget;

beforeEach(() => {
  choose.mockReset();
  devices = [
    { kind: 'audioinput', deviceId: 'default', label: 'Default - Desk' },
    { kind: 'audioinput', deviceId: 'desk', label: 'Desk' },
    { kind: 'audioinput', deviceId: 'head', label: 'Headset' },
    { kind: 'audiooutput', deviceId: 'out', label: 'Speaker' },
  ];
  opened = [];
  refusal = null;
  tones = 0;
  plugged = new EventTarget();
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
  const getUserMedia = ({ audio }: { audio: { deviceId?: { exact: string } } }): Promise<unknown> => {
    const wanted = audio.deviceId?.exact ?? null;
    if (refusal) return Promise.reject(refusal);
    if (wanted !== null && !devices.some(({ deviceId }) => deviceId === wanted)) return Promise.reject(new DOMException('', 'OverconstrainedError'));
    const one: Opened = { device: wanted, ended: false };
    opened.push(one);
    return Promise.resolve({ getTracks: () => [{ stop: () => (one.ended = true) }] });
  };
  vi.stubGlobal('navigator', {
    language: 'en',
    mediaDevices: Object.assign(plugged, { getUserMedia, enumerateDevices: () => Promise.resolve(devices) }),
  });
  class Node {
    frequency = 0;
    gain = { setTargetAtTime: () => undefined };
    fftSize = 16;
    connect = (to: unknown): unknown => to;
    start = (): number => (tones += 1);
    stop = (): void => undefined;
    getFloatTimeDomainData = (into: Float32Array): Float32Array => into.fill(0.125);
  }
  vi.stubGlobal('AnalyserNode', Node);
  vi.stubGlobal('GainNode', Node);
  vi.stubGlobal('OscillatorNode', Node);
  vi.stubGlobal(
    'AudioContext',
    class {
      currentTime = 0;
      destination = {};
      createMediaStreamSource = (): Node => new Node();
      resume = (): Promise<void> => Promise.resolve();
      close = (): Promise<void> => Promise.resolve();
    },
  );
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const dialog = (open: boolean, chosen: string | null = null) => <MicrophoneDialog open={open} chosen={chosen} onChoose={choose} onClose={() => undefined} />;

test('each microphone stands there once, one is chosen, and the bar shows how loud it is', async () => {
  render(dialog(true));
  await screen.findByText('Desk');
  expect(screen.getAllByRole('radio')).toHaveLength(3);
  await waitFor(() => expect(screen.getByTestId<HTMLMeterElement>('microphone-level').value).toBeCloseTo(0.5));
  await userEvent.click(screen.getByLabelText('Headset'));
  expect(choose).toHaveBeenCalledWith('head');
});

test('the chosen one is tried, and closing ends every track', async () => {
  const { rerender } = render(dialog(true, 'head'));
  await waitFor(() => expect(opened.map(({ device }) => device)).toEqual(['head']));
  rerender(dialog(false, 'head'));
  await waitFor(() => expect(opened.every(({ ended }) => ended)).toBe(true));
});

test('one that was plugged out is told, and the one the system prefers is tried', async () => {
  render(dialog(true, 'head'));
  await screen.findByText('Headset');
  devices = devices.filter(({ deviceId }) => deviceId !== 'head');
  act(() => void plugged.dispatchEvent(new Event('devicechange')));
  await screen.findByTestId('microphone-gone');
  expect(screen.queryByText('Headset')).toBeNull();
  cleanup();
  render(dialog(true, 'head'));
  await waitFor(() => expect(opened.at(-1)).toMatchObject({ device: null, ended: false }));
});

test('a refused microphone is said, and the tone has nothing to play on', async () => {
  refusal = new DOMException('', 'NotAllowedError');
  render(dialog(true));
  await screen.findByRole('alert');
  expect(screen.getByText('Play a test tone').closest('button')!.disabled).toBe(true);
});

test('a tone is played when it is asked for', async () => {
  render(dialog(true));
  await waitFor(() => expect(opened).toHaveLength(1));
  await userEvent.click(screen.getByText('Play a test tone'));
  expect(tones).toBe(1);
});
