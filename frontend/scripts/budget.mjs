// First load of a page: the HTML, what it links and what those files import statically (Vite's manifest), gzipped (SPEC N58).
// The font is compressed in itself, shown only when it is there, and has a budget of its own. Worklets load after the
// first use and are not counted.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = { voice: 120 };
const CSS_LIMIT_KB = 20;
const FONT_LIMIT_KB = 25;

const manifest = JSON.parse(readFileSync(join('dist', '.vite', 'manifest.json'), 'utf8'));

/** The files of a chunk of the manifest and of all it imports statically; `seen` holds the chunks already walked. */
function files(key, seen) {
  if (seen.has(key)) return [];
  seen.add(key);
  const { file, css = [], assets = [], imports = [] } = manifest[key];
  // The worklets are addresses in the text, fetched after the first use.
  return [file, ...css, ...assets.filter((name) => !name.includes('worklet')), ...imports.flatMap((next) => files(next, seen))];
}

function firstLoad(page) {
  const html = join(page, 'index.html');
  const text = readFileSync(join('dist', html), 'utf8');
  const linked = Object.values(manifest).flatMap(({ file }) => (text.includes(file) ? [file] : []));
  return [...new Set([html, ...linked, ...files(html, new Set())])].map((name) => {
    const bytes = readFileSync(join('dist', name));
    return { name: basename(name), size: name.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length };
  });
}

let failed = false;
for (const [page, limit] of Object.entries(LIMIT_KB)) {
  const loaded = firstLoad(page);
  const sum = (test) => loaded.filter(({ name }) => test(name)).reduce((total, { size }) => total + size, 0) / 1000;
  // Of the two cuts of the font a browser fetches the one whose letters the page shows.
  const isFont = (name) => name.endsWith('.woff2') && !name.includes('latin-ext');
  const [code, css, font] = [sum((name) => !name.endsWith('.woff2')), sum((name) => name.endsWith('.css')), sum(isFont)];
  for (const { name, size } of loaded) console.log(`  ${(size / 1000).toFixed(1).padStart(6)} kB  ${name}`);
  console.log(`${page}: ${code.toFixed(1)} of ${limit} kB gz, of it CSS ${css.toFixed(1)} of ${CSS_LIMIT_KB} kB; font ${font.toFixed(1)} of ${FONT_LIMIT_KB} kB`);
  failed ||= code > limit || css > CSS_LIMIT_KB || font > FONT_LIMIT_KB;
}
process.exitCode = failed ? 1 : 0;
