import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// PIPEWRIGHT_WEB_OUT is set by the crate's build script, so that a build never writes into the source tree.
export default defineConfig({
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    outDir: process.env.PIPEWRIGHT_WEB_OUT ?? 'dist',
    emptyOutDir: true,
    chunkSizeWarningLimit: 4096,
    rollupOptions: { input: ['index.html', 'graphiql.html'] },
  },
  server: { proxy: { '/graphql': 'http://127.0.0.1:8080' } },
});
