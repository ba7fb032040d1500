// The page without its server: what the browser keeps of it, and what it says. Installed, it is the same page.
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open } from './browser';
import { Mock } from './mock/server';

const SHOTS = process.env['SHOTS'] ?? '';
const CLEAN = { violations: [], offOrigin: [], errors: [] };
const mock = new Mock();
let browser: Browser;
let origin: string;

const port = (): number => Number(new URL(origin).port);

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  mock.reset();
  origin = await mock.start();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await mock.stop();
});

/** Every address that the browser keeps for this origin, once the worker has finished. */
async function kept(page: Page): Promise<string[]> {
  await page.evaluate(() => navigator.serviceWorker.ready);
  return page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByTestId('textbox').fill(question);
  await page.getByTestId('send').click();
  await page.getByTestId('turn-assistant').first().waitFor();
  await page.waitForSelector('[data-testid=state][data-state=idle]');
}

test('the page can be installed', async () => {
  const { page, faults } = await open(browser, origin);
  const client = await page.context().newCDPSession(page);
  const { data = '', errors } = await client.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data) as { icons: { src: string }[]; start_url: string; display: string };
  expect(manifest).toMatchObject({ name: 'VoiceAssist', display: 'standalone', start_url: '/voice/' });
  for (const { src } of manifest.icons) expect((await page.request.get(origin + src)).ok(), src).toBe(true);
  const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
  // Pages of a test are private ones, in which nothing can be installed.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  expect(faults).toEqual(CLEAN);
});

test('without its server a reload shows the page, which says so and goes on when the server is back', async () => {
  const { page, faults } = await open(browser, origin);
  await ask(page, 'How do I treat atrial fibrillation?');
  const files = await kept(page);
  expect(files).toContain('/voice/offline');
  expect(files.filter((path) => path !== '/voice/offline' && !path.startsWith('/assets/'))).toEqual([]);
  await page.getByTestId('signout').click();
  await page.getByTestId('signin').waitFor();
  expect(await kept(page)).toEqual(files);
  const words = await page.evaluate(async () => (await (await caches.match('/voice/offline'))!.text()));
  expect(words).not.toContain('Ana Ruiz');
  await mock.stop();
  await page.reload();
  await page.getByRole('heading', { name: 'VoiceAssist is offline' }).waitFor();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  await mock.start(port());
  await page.getByTestId('signin').waitFor();
  expect(faults).toEqual(CLEAN);
});

test('a server that goes away under an open conversation is told, and its turns stay', async () => {
  const { page, faults } = await open(browser, origin);
  await ask(page, 'How do I treat atrial fibrillation?');
  await mock.stop();
  await page.waitForSelector('[data-testid=state][data-state=offline]');
  await page.getByText('The server cannot be reached').waitFor();
  await page.getByTestId('turn-assistant').first().waitFor();
  await mock.start(port());
  await page.waitForSelector('[data-testid=state][data-state=idle]');
  expect(faults).toEqual(CLEAN);
});

test('a newer build is told and waits for the reader', async () => {
  const { page, faults } = await open(browser, origin);
  await kept(page);
  await page.reload(); // from here on the worker sees the page
  await ask(page, 'How do I treat atrial fibrillation?');
  expect(await page.getByTestId('newer').count()).toBe(0);
  // The same file by another name: it can be fetched, and is none of those that this page was made of.
  mock.newerBuild = ['"/assets/voice-', '"/assets/./voice-'];
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await page.getByTestId('newer').waitFor();
  await page.getByTestId('turn-assistant').first().waitFor();
  expect(mock.calls.filter((call) => call.startsWith('GET /api/v1/auth/me'))).toHaveLength(2);
  expect(faults).toEqual(CLEAN);
});

for (const [colorScheme, width, locale] of [
  ['light', 1280, 'en'],
  ['dark', 1280, 'es'],
  ['light', 320, 'es'],
  ['dark', 320, 'en'],
] as const) {
  test(`axe finds nothing without a server: ${colorScheme}, ${width} px, ${locale}`, async () => {
    const { page } = await open(browser, origin, { colorScheme, locale, viewport: { width, height: 720 }, reducedMotion: 'reduce' });
    const check = async (name: string): Promise<void> => {
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      expect(found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      if (SHOTS !== '') await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}-${width}.png`) });
    };
    await ask(page, 'How do I treat atrial fibrillation?');
    await kept(page);
    await mock.stop();
  await page.waitForSelector('[data-testid=state][data-state=offline]');
    await check('offline-open');
    await page.reload();
    await page.getByTestId('retry').waitFor();
    await check('offline-reloaded');
    await mock.start(port());
    await page.getByTestId('textbox').waitFor();
    mock.newerBuild = ['"/assets/voice-', '"/assets/./voice-'];
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    await page.getByTestId('newer').waitFor();
    await check('newer');
  });
}
