// @vitest-environment node
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "bell-"));

beforeAll(async () => {
  // As `npm run build` has it; in tests Lit comes with its warnings for developers.
  vi.stubEnv("NODE_ENV", "production");
  const configFile = fileURLToPath(new URL("../vite.bell.config.ts", import.meta.url));
  await build({ configFile, logLevel: "error", mode: "production", build: { outDir: folder } });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

it("is less than 21.5 kB compressed, with all it needs", () => {
  expect(readFileSync(join(folder, "bell.js.gz")).length).toBeLessThan(21_500);
  expect(readFileSync(join(folder, "bell.js.br")).length).toBeLessThan(20_000);
});

it("asks for nothing that a strict Content-Security-Policy forbids", () => {
  const script = readFileSync(join(folder, "bell.js"), "utf8");
  expect(script).not.toMatch(/\beval\(|new Function\(|\bimport\(|\bimport [^.]/);
  expect(script).toContain("adoptedStyleSheets");
});
