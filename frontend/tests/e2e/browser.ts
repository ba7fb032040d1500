import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { writeMicrophone } from './wav';

const COMMON = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function launch(): Promise<Browser> {
  const recording = join(mkdtempSync(join(tmpdir(), 'va-mic-')), 'mic.wav');
  writeMicrophone(recording);
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      ...COMMON,
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${recording}`,
    ],
  });
}

/** Things that must not happen on any page; each test ends by looking at them. */
export interface Faults {
  violations: string[];
  offOrigin: string[];
  errors: string[];
}

export async function open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<{ page: Page; faults: Faults }> {
  const context = await browser.newContext({ permissions: ['microphone'], viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: Faults = { violations: [], offOrigin: [], errors: [] };
  await page.exposeFunction('reportViolation', (text: string) => faults.violations.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      (window as unknown as { reportViolation: (text: string) => void }).reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) faults.offOrigin.push(request.url());
  });
  page.on('pageerror', (error) => faults.errors.push(error.message));
  await page.goto(`${origin}/voice/`);
  return { page, faults };
}
