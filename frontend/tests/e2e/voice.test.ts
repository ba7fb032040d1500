import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open } from './browser';
import { Mock } from './mock/server';

const CLEAN = { violations: [], offOrigin: [], errors: [] };
const mock = new Mock();
let browser: Browser;
let origin: string;

beforeAll(async () => {
  origin = await mock.start();
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await mock.stop();
});
beforeEach(() => mock.reset());
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

const state = (page: Page, name: string): Promise<unknown> => page.waitForSelector(`[data-testid=state][data-state=${name}]`);
const rendered = async (page: Page): Promise<number> => Number(await page.getByTestId('state').getAttribute('data-rendered-samples'));
const sent = (type: string): Record<string, unknown>[] => mock.dialogue.received.filter((event) => event['type'] === type);

/** Waits until a condition outside the page holds; the test's own time limit ends it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function consent(page: Page): Promise<void> {
  await page.getByTestId('talk').click();
  await page.getByTestId('consent-accept').click();
  // Keys belong to the dialog for as long as it is open.
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
}

test('sign-in leads over the second factor to the workspace, and out again', async () => {
  mock.session = 'out';
  const { page, faults } = await open(browser, origin);
  await page.getByTestId('signin').click();
  await page.getByTestId('otp').fill('000000');
  await page.getByTestId('otp-submit').click();
  await page.getByText('That code was not accepted').waitFor();
  await page.getByTestId('otp').fill('123456');
  await page.getByTestId('otp-submit').click();
  await state(page, 'idle');
  await page.getByTestId('signout').click();
  await page.getByTestId('signin').waitFor();
  expect(mock.calls).toContain('POST /api/v1/auth/logout token-1');
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  expect(faults).toEqual(CLEAN);
});

test('holding the button sends frames, and the answer is shown with its sources and heard', async () => {
  const { page, faults } = await open(browser, origin);
  await consent(page);
  expect(mock.dialogues).toHaveLength(0);
  const talk = page.getByTestId('talk');
  await talk.hover();
  await page.mouse.down();
  await state(page, 'hearing');
  await page.getByText('Recording', { exact: true }).waitFor();
  await until(() => mock.dialogues.length > 0 && mock.dialogue.audioBytes > 30 * 960);
  await page.mouse.up();
  await state(page, 'speaking');
  await page.getByTestId('turn-user').filter({ hasText: 'atrial fibrillation' }).waitFor();
  await page.getByTestId('turn-assistant').filter({ hasText: 'oral anticoagulant' }).waitFor();
  expect(await page.getByTestId('citation').count()).toBe(2);
  await page.getByTestId('citations').getByText('Starter material').waitFor();
  await state(page, 'idle');
  expect(await rendered(page)).toBeGreaterThan(23_000);
  expect(mock.dialogue.turnDetection).toBeNull();
  expect(sent('input_audio_buffer.commit')).toHaveLength(1);
  const heard = sent('voiceassist.playback.position').at(-1)?.['audio_ms'];
  expect(heard).toBeGreaterThanOrEqual(998);
  expect(heard).toBeLessThanOrEqual(1000);
  expect(mock.calls).toContain('POST /v1/realtime/client_secrets token-1');
  expect(mock.calls.find((call) => call.startsWith('WS'))?.replaceAll(' ', '')).toBe('WSrealtime,openai-insecure-api-key.ek_test');
  expect(faults).toEqual(CLEAN);
});

test('the space bar talks, a tap is told to be too short', async () => {
  const { page } = await open(browser, origin);
  await consent(page);
  await page.keyboard.down('Space');
  await state(page, 'hearing');
  await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('[data-testid=state]')?.dataset['capturedFrames']) >= 25);
  await page.keyboard.up('Space');
  await page.getByTestId('turn-user').waitFor();
  await state(page, 'idle');
  await page.keyboard.press('Space');
  await page.getByText('That was too short').waitFor();
  expect(sent('input_audio_buffer.commit')).toHaveLength(1);
});

test('speaking into an answer silences it, truncates it where it was heard, and late audio stays silent', async () => {
  mock.answerSeconds = 8;
  const { page, faults } = await open(browser, origin);
  await page.getByTestId('handsfree').click();
  await page.getByTestId('consent-accept').click();
  await state(page, 'listening');
  mock.dialogue.speechStopped('How do I treat atrial fibrillation?');
  await state(page, 'speaking');
  await until(async () => (await rendered(page)) > 12_000);
  mock.dialogue.speechStarted();
  await until(() => sent('conversation.item.truncate').length > 0);
  const [truncate] = sent('conversation.item.truncate') as [Record<string, unknown>];
  const heard = await rendered(page);
  expect(truncate['audio_end_ms']).toBeGreaterThan(400);
  expect(truncate['audio_end_ms']).toBeLessThanOrEqual(Math.ceil(heard / 24));
  const item = truncate['item_id'] as string;
  mock.dialogue.late(item.replace('answer', 'resp'), item);
  await page.waitForSelector('[data-stale-chunks="0"]', { state: 'detached' });
  await page.locator('[data-interrupted=true]').filter({ hasText: /^VoiceAssistOffer an oral/ }).waitFor();
  expect(await rendered(page)).toBe(heard);
  await state(page, 'hearing');
  expect(mock.dialogue.turnDetection).toMatchObject({ type: 'semantic_vad', interrupt_response: true });
  expect(faults).toEqual(CLEAN);
});

test('a microphone that falls silent is shown as such and opened again', async () => {
  const { page } = await open(browser, origin);
  await page.evaluate(() => {
    const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const streams: MediaStream[] = [];
    Object.assign(window, { streams });
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await original(constraints);
      streams.push(stream);
      return stream;
    };
  });
  await page.getByTestId('handsfree').click();
  await page.getByTestId('consent-accept').click();
  await state(page, 'listening');
  const stalled = state(page, 'stalled');
  await page.evaluate(() => (window as unknown as { streams: MediaStream[] }).streams[0]!.getTracks().forEach((track) => track.stop()));
  await stalled;
  await state(page, 'listening');
  expect(await page.evaluate(() => (window as unknown as { streams: MediaStream[] }).streams.length)).toBe(2);
});

test('mute stops the uplink only, and leaving hands-free ends every track', async () => {
  const { page } = await open(browser, origin);
  await page.evaluate(() => {
    const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await original(constraints);
      Object.assign(window, { stream });
      return stream;
    };
  });
  await page.getByTestId('handsfree').click();
  await page.getByTestId('consent-accept').click();
  await state(page, 'listening');
  await page.keyboard.press('Escape');
  await page.getByTestId('transcript').focus();
  await page.keyboard.press('m');
  await state(page, 'muted');
  await until(() => sent('input_audio_buffer.clear').length === 1);
  const bytes = mock.dialogue.audioBytes;
  const frames = Number(await page.getByTestId('state').getAttribute('data-captured-frames'));
  await page.waitForFunction((before) => Number(document.querySelector<HTMLElement>('[data-testid=state]')?.dataset['capturedFrames']) > before + 20, frames);
  expect(mock.dialogue.audioBytes).toBe(bytes);
  await page.getByTestId('handsfree').click();
  await state(page, 'idle');
  const tracks = await page.evaluate(() => (window as unknown as { stream: MediaStream }).stream.getTracks().map((track) => track.readyState));
  expect(tracks).toEqual(['ended']);
});

test('a typed question, a calculation and a clarifying question', async () => {
  const { page, faults } = await open(browser, origin);
  await page.getByTestId('textbox').fill('What is the CHA2DS2-VASc score of a 68 year old man?');
  await page.getByTestId('send').click();
  const card = page.getByTestId('calculator');
  await card.getByText('high stroke risk').waitFor();
  expect(await card.getByText('assumed', { exact: true }).count()).toBe(2);
  await page.getByTestId('textbox').fill('What dose of apixaban?');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'eGFR 30–59' }).click();
  await page.getByTestId('turn-user').filter({ hasText: 'eGFR 30–59' }).waitFor();
  expect(faults).toEqual(CLEAN);
});

test('a lost connection is said, and hands-free comes back by itself', async () => {
  const { page } = await open(browser, origin);
  await page.getByTestId('handsfree').click();
  await page.getByTestId('consent-accept').click();
  await state(page, 'listening');
  mock.dialogue.speechStopped('How do I treat atrial fibrillation?');
  await page.getByTestId('turn-assistant').waitFor();
  await until(() => mock.dialogue.received.length > 0);
  mock.dialogue.socket.terminate();
  await until(() => mock.dialogues.length === 2);
  await state(page, 'listening');
  await page.getByText('The connection was renewed').waitFor();
});

test('a refusal becomes a sentence with the reference of the trace', async () => {
  mock.refuse = 'KB_UNAVAILABLE';
  const { page } = await open(browser, origin);
  await page.getByTestId('textbox').fill('What is sepsis?');
  await page.getByTestId('send').click();
  await page.getByText('The knowledge base is not available').waitFor();
  await page.getByText('4bf92f3577b34da6a3ce929d0e0e4736').waitFor();
  expect(await page.getByTestId('textbox').inputValue()).toBe('What is sepsis?');
  mock.refuse = 'UNAUTHENTICATED';
  await page.getByTestId('send').click();
  await page.getByTestId('signin').waitFor();
});

test('an upload shows its way to the index', async () => {
  const { page, faults } = await open(browser, origin);
  const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
  await page.getByTestId('upload-input').setInputFiles([file('ward-protocol.txt'), file('too-large.txt')]);
  await page.locator('[data-testid=upload][data-state=indexed]', { hasText: 'ward-protocol.txt' }).waitFor();
  await page.getByText('The file is too large.').waitFor();
  expect(faults).toEqual(CLEAN);
});

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 1280],
  ['light', 320],
  ['dark', 320],
] as const) {
  test(`axe finds nothing: ${colorScheme}, ${width} px`, async () => {
    mock.session = 'out';
    const { page } = await open(browser, origin, { colorScheme, viewport: { width, height: 720 }, reducedMotion: 'reduce' });
    const check = async (): Promise<void> => {
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      expect(found.violations.map((violation) => [violation.id, violation.nodes.map((node) => node.html)])).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth && document.documentElement.scrollHeight <= Math.max(window.innerHeight, document.querySelector('main')?.scrollHeight ?? 0))).toBe(true);
    };
    await page.getByTestId('signin').waitFor();
    await check();
    await page.getByTestId('signin').click();
    await page.getByTestId('otp').waitFor();
    await check();
    mock.session = 'in';
    await page.reload();
    await state(page, 'idle');
    await check();
    await page.getByTestId('talk').click();
    await page.getByTestId('consent-accept').waitFor();
    await check();
    await page.getByTestId('consent-decline').click();
    for (const question of ['How do I treat atrial fibrillation?', 'What is the score?', 'Which dose?']) {
      await page.getByTestId('textbox').fill(question);
      await page.getByTestId('send').click();
      await page.getByTestId('turn-user').filter({ hasText: question }).waitFor();
      await state(page, 'idle');
    }
    await check();
    await page.getByTestId('citation-ref').first().click();
    await page.locator('[data-testid=citation]:focus').waitFor();
    await check();
    });
}
