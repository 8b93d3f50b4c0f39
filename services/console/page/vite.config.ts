import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** Builds the page as static files, which the console serves under a content security policy of 'self' only. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    outDir: '../dist-page',
    emptyOutDir: true,
    // The licences of the packages in the bundle, whose notices minification removes.
    license: { fileName: 'LICENSES.txt' },
    target: 'es2022',
    // No data: URLs, which the policy would block.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // For `npx vite services/console/page`, with a running console.
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:9404' } },
})
