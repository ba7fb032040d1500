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
  expect(mock.calls).toContain('POST /api/v1/auth/ws-ticket token-1');
  expect(mock.calls.find((call) => call.startsWith('WS'))?.replaceAll(' ', '')).toBe('WSrealtime,voiceassist-ticket.wt_test');
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
  mock.dialogue.passing('and if the creatinine');
  await page.getByTestId('passing').filter({ hasText: 'and if the creatinine' }).waitFor();
  expect(mock.dialogue.turnDetection).toMatchObject({ type: 'semantic_vad', interrupt_response: true });
  expect(faults).toEqual(CLEAN);
});

test('a microphone that falls silent is shown as such and opened again', async () => {
  const { page } = await open(browser, origin);
  await watchStreams(page);
  await page.getByTestId('handsfree').click();
  await page.getByTestId('consent-accept').click();
  await state(page, 'listening');
  // It is opened again within a few frames, too soon for somebody who looks now and then.
  await page.evaluate(() => {
    const states: string[] = [];
    const line = document.querySelector<HTMLElement>('[data-testid=state]')!;
    Object.assign(window, { states });
    new MutationObserver(() => states.push(line.dataset['state']!)).observe(line, { attributeFilter: ['data-state'] });
    (window as unknown as { streams: MediaStream[] }).streams[0]!.getTracks().forEach((track) => track.stop());
  });
  await page.waitForFunction(() => {
    const { states } = window as unknown as { states: string[] };
    return states.includes('stalled') && states.at(-1) === 'listening';
  });
  // Its sound with the echo is opened beside it each time, and is none of these.
  const cleaned = await page.evaluate(() => {
    const { streams } = window as unknown as { streams: MediaStream[] };
    return streams.filter((stream) => stream.getAudioTracks()[0]!.getSettings().echoCancellation).length;
  });
  expect(cleaned).toBe(2);
});

test('mute stops the uplink only, and leaving hands-free ends every track', async () => {
  const { page } = await open(browser, origin);
  await watchStreams(page);
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
  expect(new Set(await tracks(page))).toEqual(new Set(['ended']));
});

test('a held button opens the microphone once, hands-free once more, and every track ends', async () => {
  const { page } = await open(browser, origin);
  await watchStreams(page);
  await consent(page);
  await page.getByTestId('talk').hover();
  await page.mouse.down();
  await state(page, 'hearing');
  await page.waitForTimeout(300);
  expect(await tracks(page)).toEqual(['live']);
  await page.mouse.up();
  await state(page, 'idle');
  await page.getByTestId('handsfree').click();
  await state(page, 'listening');
  await until(async () => (await tracks(page)).length === 2);
  await page.getByTestId('handsfree').click();
  await state(page, 'idle');
  expect(await tracks(page)).toEqual(['ended', 'ended']);
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

test('a lost connection that can be come back to loses no turn, and what is said meanwhile is sent', async () => {
  mock.resumable = true;
  mock.missed = [{ id: 'missed', type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: 'And in kidney disease?' }] }];
  const { page, faults } = await open(browser, origin);
  await page.getByTestId('handsfree').click();
  await page.getByTestId('consent-accept').click();
  await state(page, 'listening');
  await until(() => mock.dialogue.audioBytes > 20 * 960);
  const lost = performance.now();
  mock.dialogue.socket.terminate();
  await until(() => mock.dialogues.length === 2 && mock.dialogue.audioBytes > 0);
  await page.getByTestId('turn-user').filter({ hasText: 'And in kidney disease?' }).waitFor();
  expect(performance.now() - lost).toBeLessThan(2_000);
  expect(mock.dialogue.received.map(({ type }) => type).slice(0, 2)).toEqual(['voiceassist.session.resume', 'session.update']);
  expect(mock.dialogue.received[0]?.['token']).toMatch(/^vr_/);
  await state(page, 'listening');
  expect(await page.getByText('The connection was renewed').count()).toBe(0);
  expect(faults).toEqual(CLEAN);
});

test('a reload shows the turns of the open conversation, and goes on with it', async () => {
  const { page, faults } = await open(browser, origin);
  await state(page, 'idle');
  expect(await page.getByTestId('turn-user').count()).toBe(0);
  await page.reload();
  await page.getByTestId('turn-assistant').filter({ hasText: 'prefer a direct oral' }).waitFor();
  expect(await page.getByTestId('turn-user').count()).toBe(2);
  await page.getByTestId('textbox').fill('Which dose?');
  await page.getByTestId('send').click();
  await page.getByText('For which kidney function?').waitFor();
  expect(mock.dialogue.received[0]).toMatchObject({ type: 'voiceassist.session.resume', conversation_id: 'c1', after: 4 });
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  expect(faults).toEqual(CLEAN);
});

test('earlier conversations are found, read, taken along and deleted', async () => {
  const { page, faults } = await open(browser, origin);
  await page.getByTestId('kept').filter({ hasText: 'kept for 30 days' }).waitFor();
  await page.getByTestId('history').click();
  await page.getByTestId('history-entry').filter({ hasText: 'pulmonary embolism' }).waitFor();
  await page.getByTestId('history-query').fill('direct oral');
  await page.getByTestId('history-search').click();
  await page.getByText('…prefer a direct oral anticoagulant…').click();
  await page.getByTestId('history-turns').getByText('high stroke risk').first().waitFor();
  for (const format of ['pdf', 'json', 'fhir']) {
    expect(await page.getByTestId(`export-${format}`).getAttribute('href')).toBe(`/api/v1/conversations/c1/export?format=${format}`);
  }
  await page.getByTestId('history-remove').click();
  await page.getByTestId('history-remove').click();
  await page.getByText('Deleted.').waitFor();
  expect(mock.calls).toContain('DELETE /api/v1/conversations/c1 token-1');
  expect(mock.calls.filter((call) => call.includes('direct'))).toEqual([]);
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  expect(faults).toEqual(CLEAN);
});

test('a microphone is tried and chosen, nothing of the trial is sent, and its tracks end with it', async () => {
  const { page, faults } = await open(browser, origin);
  await watchStreams(page);
  await page.getByTestId('microphone').click();
  await page.getByTestId('consent-accept').click();
  const meter = page.getByTestId('microphone-level');
  await until(async () => (await meter.evaluate((element) => (element as HTMLMeterElement).value)) > 0.01);
  const devices = page.getByTestId('microphone-device');
  await devices.first().waitFor();
  await devices.last().check();
  await until(async () => (await meter.evaluate((element) => (element as HTMLMeterElement).value)) > 0.01);
  expect(mock.dialogues).toHaveLength(0);
  await page.getByTestId('microphone-close').click();
  expect(await tracks(page)).toEqual(['ended', 'ended']);
  await page.getByTestId('handsfree').click();
  await state(page, 'listening');
  await until(() => mock.dialogue.audioBytes > 0);
  expect(faults).toEqual(CLEAN);
});

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 320],
] as const) {
  test(`a tool that works and a model that is lost are told: ${colorScheme}, ${width} px`, async () => {
    const { page, faults } = await open(browser, origin, { colorScheme, viewport: { width, height: 640 }, reducedMotion: 'reduce' });
    const check = async (name: string): Promise<void> => {
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      expect(found.violations.map(({ id }) => id)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/${name}-${colorScheme}-${width}.png` });
    };
    await page.getByTestId('textbox').fill('Which tool?');
    await page.getByTestId('send').click();
    await state(page, 'thinking');
    await until(() => mock.dialogues.length > 0 && sent('response.create').length > 0);
    mock.dialogue.tool('search_knowledge', 'started');
    await page.getByTestId('tool').filter({ hasText: 'Searching the library' }).waitFor();
    await check('tool');
    mock.dialogue.tool('search_knowledge', 'finished');
    await page.getByTestId('tool').filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
    mock.dialogue.fallback();
    await page.getByTestId('fallback').waitFor();
    await check('fallback');
    expect(faults).toEqual(CLEAN);
  });
}

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
    mock.deleted = ['c1']; // nothing was open before
    const { page } = await open(browser, origin, { colorScheme, viewport: { width, height: 720 }, reducedMotion: 'reduce' });
    const check = async (): Promise<void> => {
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      expect(found.violations.map((violation) => [violation.id, violation.nodes.map((node) => node.html)])).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth && document.documentElement.scrollHeight <= Math.max(window.innerHeight, document.querySelector('main')?.scrollHeight ?? 0))).toBe(true);
      // What does not scroll is not cut off either.
      const cut = await page.evaluate(() => [...document.querySelectorAll('header button')].filter((button) => button.getBoundingClientRect().right > window.innerWidth).map(({ textContent }) => textContent));
      expect(cut).toEqual([]);
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
    if (width === 320) await page.keyboard.press('Escape');
    mock.deleted = [];
    await page.getByTestId('history').click();
    await page.getByTestId('history-entry').first().waitFor();
    await check();
    await page.getByTestId('history-entry').first().click();
    await page.getByTestId('history-turns').waitFor();
    await check();
    await page.keyboard.press('Escape');
    await page.getByTestId('cases').click();
    await page.getByTestId('case-entry').waitFor();
    await check();
    await page.getByTestId('case-entry').click();
    await page.getByTestId('case-facts').waitFor();
    await check();
    await page.getByTestId('draft-ap').click();
    await page.getByTestId('note').waitFor();
    await check();
    await page.getByTestId('cases-back').click();
    await page.getByTestId('case-entry').click();
    await page.getByTestId('case-use').click();
    await page.getByTestId('case-panel').waitFor({ state: 'attached' });
    await check();
    await page.getByTestId('microphone').click();
    await page.getByTestId('consent-accept').click();
    await page.getByTestId('microphone-device').first().waitFor();
    await check();
    });
}

/** Every stream that the page opens from now on. */
async function watchStreams(page: Page): Promise<void> {
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
}

async function tracks(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { streams: MediaStream[] }).streams.flatMap((stream) => stream.getTracks().map((track) => track.readyState)));
}
