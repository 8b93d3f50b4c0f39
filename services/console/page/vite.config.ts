import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page, as static files that the console serves under a content security policy of 'self' alone. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    outDir: '../dist-page',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing may become a data: URL, which the policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // For work on the page: `npm run dev` with a running console.
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:9404' } },
})
