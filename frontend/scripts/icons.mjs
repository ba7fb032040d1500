// Draws the icons of the installed page from src/ui/favicon.svg: node scripts/icons.mjs. The drawn files are committed.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FOLDER = join('public', 'voice');
const source = readFileSync(join('src', 'ui', 'favicon.svg'), 'utf8');
// Systems cut their own shape out of a "maskable" icon: it fills the square, and its drawing stays in the inner four fifths.
const bled = source.replace('viewBox="0 0 32 32"', 'viewBox="-4 -4 40 40"').replace(/<rect[^>]*>/, '<rect x="-4" y="-4" width="40" height="40" fill="#0b6b70"/>');
const ICONS = [
  { name: 'icon-192.png', size: 192, svg: source },
  { name: 'icon-512.png', size: 512, svg: source },
  { name: 'icon-maskable-512.png', size: 512, svg: bled },
  { name: 'apple-touch-icon.png', size: 180, svg: bled },
];

copyFileSync(join('src', 'ui', 'favicon.svg'), join(FOLDER, 'icon.svg'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
for (const { name, size, svg } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`);
  await page.screenshot({ path: join(FOLDER, name), omitBackground: true });
}
await browser.close();
