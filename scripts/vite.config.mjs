// Builds the live page (src/dashboard/client) to dist/dashboard: nothing inline, so that the strictest content policy
// serves it; names with a hash of the content, so that a browser may keep them for ever.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

export default defineConfig({
  root: join(root, "src", "dashboard", "client"),
  base: "./",
  publicDir: false,
  logLevel: "warn",
  cacheDir: join(root, "node_modules", ".vite-dashboard"),
  build: {
    outDir: join(root, "dist", "dashboard"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // ECharts comes in a file of its own, after the scoreboards.
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
  },
});
