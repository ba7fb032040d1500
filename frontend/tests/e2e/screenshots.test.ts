// Pictures of every screen to look at: SHOTS=<folder> npm run e2e
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { launch, open } from './browser';
import { Mock } from './mock/server';

const folder = process.env['SHOTS'] ?? '';
const LOOKS = [
  { name: 'desktop-light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'desktop-dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  { name: 'small-light', colorScheme: 'light', viewport: { width: 320, height: 640 } },
] as const;

async function ask(page: Page, question: string): Promise<void> {
  await page.getByTestId('textbox').fill(question);
  await page.getByTestId('send').click();
  await page.getByTestId('turn-user').filter({ hasText: question }).waitFor();
  await page.waitForSelector('[data-testid=state][data-state=idle]');
}

test.skipIf(folder === '')('screenshots', { timeout: 180_000 }, async () => {
  const mock = new Mock();
  const origin = await mock.start();
  const browser = await launch();
  for (const { name, ...look } of LOOKS) {
    mock.reset();
    mock.session = 'out';
    const { page, faults } = await open(browser, origin, look);
    const shot = (screen: string): Promise<Buffer> => page.screenshot({ path: join(folder, `${screen}-${name}.png`) });
    await page.getByTestId('signin').waitFor();
    await shot('1-signin');
    await page.getByTestId('signin').click();
    await page.getByTestId('otp').fill('123456');
    await shot('2-code');
    await page.getByTestId('otp-submit').click();
    await page.getByTestId('talk').click();
    await page.getByTestId('consent-accept').waitFor();
    await shot('3-consent');
    await page.getByTestId('consent-accept').click();
    await shot('4-empty');
    await page.getByTestId('microphone').click();
    await page.getByTestId('microphone-device').first().waitFor();
    await shot('4b-microphone');
    await page.getByTestId('microphone-close').click();
    mock.answerSeconds = 3;
    await page.getByTestId('talk').hover();
    await page.mouse.down();
    await page.waitForSelector('[data-testid=state][data-state=hearing]');
    await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('[data-testid=state]')?.dataset['capturedFrames']) >= 50);
    await shot('5-hearing');
    await page.mouse.up();
    await page.waitForSelector('[data-testid=state][data-state=speaking]');
    await page.getByTestId('turn-assistant').waitFor();
    await shot('6-speaking');
    await page.waitForSelector('[data-testid=state][data-state=idle]');
    await ask(page, 'What is the CHA₂DS₂-VASc score of a 68 year old man with hypertension and diabetes?');
    await page.getByTestId('calculator').scrollIntoViewIfNeeded();
    await shot('7-calculator');
    await ask(page, 'What dose of apixaban?');
    await shot('8-clarify');
    await page.getByTestId('citation-ref').first().click();
    await page.locator('[data-testid=citation]:focus').waitFor();
    await page.getByTestId('upload-input').setInputFiles([{ name: 'ward-protocol.txt', mimeType: 'text/plain', buffer: Buffer.from('ward') }]);
    await page.locator('[data-testid=upload][data-state=indexed]', { hasText: 'ward-protocol.txt' }).waitFor();
    await shot('9-sources');
    await page.keyboard.press('Escape');
    mock.refuse = 'KB_UNAVAILABLE';
    mock.dialogue.socket.terminate();
    await page.getByTestId('textbox').fill('What is sepsis?');
    await page.getByTestId('send').click();
    await page.getByTestId('alert').waitFor();
    await shot('a-problem');
    expect(faults).toEqual({ violations: [], offOrigin: [], errors: [] });
    await page.context().close();
  }
  await browser.close();
  await mock.stop();
});
