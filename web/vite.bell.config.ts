/** The bell: one file that any page can name in a script tag, so nothing is split off and its name never changes. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compress } from "./tools/compress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  publicDir: false,
  plugins: [compress()],
  build: {
    outDir: here("../services/inbox_api/pages"),
    emptyOutDir: true,
    lib: { entry: here("bell/index.ts"), formats: ["es"], fileName: () => "bell.js" },
    rolldownOptions: { output: { codeSplitting: false } },
    minify: true,
  },
});
