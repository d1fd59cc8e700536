/** Writes what was built once more, compressed: the services serve those files as they are and never compress anything. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(css|html|js|json|svg|txt)$/;
// Below that, headers outweigh what is saved.
const WORTHWHILE_BYTES = 500;

export function compress(): Plugin {
  let folder = "";
  return {
    name: "hub-compress",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    writeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!COMPRESSIBLE.test(name)) continue;
        const path = join(folder, name);
        const content = readFileSync(path);
        if (content.length < WORTHWHILE_BYTES) continue;
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9, memLevel: 7 }));
        writeFileSync(`${path}.br`, brotliCompressSync(content));
      }
    },
  };
}
