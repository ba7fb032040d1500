import { defineConfig } from 'vitest/config';

export default defineConfig({
  // A browser on a busy machine may miss a moment; a fault of ours fails again.
  test: { retry: 1, environment: 'node', include: ['tests/e2e/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
});
