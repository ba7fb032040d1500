import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Writes .br and .gz beside every text asset, so that the host never compresses while somebody waits. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      const folder = join(dir, 'assets');
      for (const name of readdirSync(folder).filter((file) => /\.(js|css|svg)$/.test(file))) {
        const bytes = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/**
 * Tells the service worker which build it belongs to. Any change of the page is another version: its files are named by
 * their content, and the HTML counts, too.
 */
function versioned(): Plugin {
  return {
    name: 'versioned',
    apply: 'build',
    writeBundle({ dir = 'dist' }, bundle) {
      const path = join(dir, WORKER);
      const text = readFileSync(path, 'utf8');
      const assets = Object.keys(bundle).filter((name) => name.startsWith('assets/')).map((name) => `/${name}`).sort();
      const version = createHash('sha256').update([readFileSync(join(dir, 'voice/index.html'), 'utf8'), text, ...assets].join('\n')).digest('hex').slice(0, 12);
      // A worker is one script; were it split into modules, half of the browsers could not start it.
      if (!text.includes('__BUILD__') || /^(import|export)\b|[;}](import|export)\b/.test(text)) throw new Error(`${WORKER} is no script of its own`);
      writeFileSync(path, text.replaceAll('__BUILD__', JSON.stringify({ version, assets })));
    },
  };
}

// In the folder of the page, so that the worker sees the page and nothing else of this origin.
const WORKER = 'voice/sw.js';

export default defineConfig({
  plugins: [react(), precompress(), versioned()],
  base: '/',
  // The host replaces the placeholder in every script tag and in the meta element, once per response.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    // scripts/budget.mjs reads from it what a page loads first.
    manifest: true,
    // data: addresses and the preload polyfill would both need a weaker content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { voice: 'voice/index.html', worker: 'src/worker/main.ts' },
      output: { entryFileNames: ({ name }) => (name === 'worker' ? WORKER : 'assets/[name]-[hash].js') },
    },
  },
});
