// First load of a page: the HTML, what it links and what those files import statically, gzipped (SPEC N58).
// woff2 files are already compressed and count as they are. Worklets load after the first use and are not counted.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = { voice: 120 };
const CSS_LIMIT_KB = 20;

function firstLoad(page) {
  const html = join('dist', page, 'index.html');
  const seen = new Map([[html, readFileSync(html)]]);
  const queue = [html];
  while (queue.length > 0) {
    const text = seen.get(queue.pop()).toString('utf8');
    for (const name of readdirSync('dist/assets')) {
      const path = join('dist/assets', name);
      if (!text.includes(name) || seen.has(path) || name.includes('worklet') || /\.(br|gz)$/.test(name)) continue;
      seen.set(path, readFileSync(path));
      if (/\.(js|css)$/.test(name)) queue.push(path);
    }
  }
  return [...seen].map(([path, bytes]) => ({
    name: basename(path),
    size: path.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length,
  }));
}

let failed = false;
for (const [page, limit] of Object.entries(LIMIT_KB)) {
  const files = firstLoad(page).filter((file) => !file.name.includes('latin-ext'));
  const sum = (list) => list.reduce((total, file) => total + file.size, 0) / 1000;
  const total = sum(files);
  const css = sum(files.filter((file) => file.name.endsWith('.css')));
  for (const file of files) console.log(`  ${(file.size / 1000).toFixed(1).padStart(6)} kB  ${file.name}`);
  console.log(`${page}: ${total.toFixed(1)} of ${limit} kB gz, CSS ${css.toFixed(1)} of ${CSS_LIMIT_KB} kB`);
  failed ||= total > limit || css > CSS_LIMIT_KB;
}
process.exitCode = failed ? 1 : 0;
