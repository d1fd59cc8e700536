/** Holds docs/embedding.md, which others build upon, to what there is. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { MessageBell } from ".";
import { propertiesOf } from "./element";

const here = `${import.meta.dirname}/`;
const page = readFileSync(`${here}../../docs/embedding.md`, "utf8");
const sources = readdirSync(here)
  .filter((name) => /\.(ts|css)$/.test(name) && !name.endsWith(".test.ts"))
  .map((name) => readFileSync(here + name, "utf8"))
  .join("\n");

const found = (pattern: RegExp) =>
  [...new Set([...sources.matchAll(pattern)].map((match) => match[1] as string))].sort();
const documented = (pattern: RegExp) =>
  [...new Set([...page.matchAll(pattern)].map((match) => match[1] as string))].sort();

it("names every property, event, part and custom property, and none that is not there", () => {
  const properties = propertiesOf(MessageBell);
  for (const property of properties) expect(page).toMatch(new RegExp(`\\| \`${property}\` \\|`));
  const parts = [...found(/part="([\w-]+)"/g), ...found(/setAttribute\("part", "([\w-]+)"\)/g)];
  for (const part of parts) expect(page, `the part ${part}`).toMatch(new RegExp(`\`${part}\``));
  const events = found(/#emit\((?:this\.open \? )?"(\w+)"/g).concat("close");
  expect(documented(/`message-bell-(\w+)`/g)).toEqual(events.sort());
  const theme = readFileSync(`${here}../common/theme.css`, "utf8");
  for (const name of documented(/`(--hub-[\w-]+)`/g))
    expect(sources + theme, name).toMatch(new RegExp(`["(]${name}[,")]`));
});
