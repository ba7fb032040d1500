import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  base: '/',
  // The host replaces the placeholder in every script tag and in the meta element, once per response.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    // data: addresses and the preload polyfill would both need a weaker content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { voice: 'voice/index.html' } },
  },
});
