/** The bell: one file that any page can name in a script tag, so nothing is split off and its name never changes. */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { compress } from "./tools/compress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** No indentation in the templates, which the minifier must not touch: in ours it never means anything. */
const unindent: Plugin = {
  name: "hub-unindent",
  enforce: "pre",
  transform: (code, id) =>
    id.endsWith(".ts") && !id.includes("node_modules") ? { code: code.replace(/\n\s+/g, "\n"), map: null } : undefined,
};

export default defineConfig({
  root: here("."),
  // Its texts in other languages, beside it.
  publicDir: here("bell/languages"),
  plugins: [unindent, compress()],
  build: {
    outDir: here("../services/inbox_api/pages"),
    emptyOutDir: true,
    // What the libraries in it ask to be told, beside it.
    license: { fileName: "licenses.md" },
    // No library build: that would keep white space and comments, for the sake of whoever bundles it once more.
    rolldownOptions: {
      input: here("bell/index.ts"),
      preserveEntrySignatures: "exports-only",
      output: { entryFileNames: "bell.js", codeSplitting: false },
    },
    modulePreload: { polyfill: false },
    target: "es2022",
    // These have light-dark(), which is written out for older ones.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    minify: true,
  },
});
