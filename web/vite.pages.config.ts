/** The console and the demo page: HTML files whose scripts carry a hash of their content in their names. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compress } from "./tools/compress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  // Relative addresses: the pages work behind a proxy that puts them under a path of its own.
  base: "./",
  publicDir: false,
  plugins: [compress()],
  build: {
    outDir: here("../services/compose_api/pages"),
    emptyOutDir: true,
    // What the libraries in it ask to be told, beside it.
    license: { fileName: "licenses.md" },
    assetsDir: "console/assets",
    // The Content-Security-Policy lets nothing be loaded from a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // As for the bell: these have light-dark(), which is written out for older ones.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    rolldownOptions: { input: [here("console/index.html"), here("demo/index.html")] },
  },
});
