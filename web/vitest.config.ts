import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["**/*.test.ts"],
    // The reader's zone decides what a time looks like: tests say which one they mean, and this is the one they begin in.
    env: { TZ: "Europe/Berlin" },
    restoreMocks: true,
    unstubGlobals: true,
  },
});
