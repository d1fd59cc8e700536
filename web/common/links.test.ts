import { describe, expect, it } from "vitest";
import { LINK_REL, split } from "./links";

const links = (text: string) => split(text).flatMap((part) => (part.kind === "link" ? [part.text] : []));

describe("an address in a text", () => {
  it.each([
    ["Read https://example.org/a today", ["https://example.org/a"]],
    ["http://example.org", ["http://example.org"]],
    ["HTTPS://EXAMPLE.ORG/A", ["HTTPS://EXAMPLE.ORG/A"]],
    ["two: https://a.example, https://b.example.", ["https://a.example", "https://b.example"]],
    ["https://a.example/x?y=1&z=2#part!", ["https://a.example/x?y=1&z=2#part"]],
    ["(see https://a.example/x)", ["https://a.example/x"]],
    ["https://a.example/x_(y)", ["https://a.example/x_(y)"]],
    ["(https://a.example/x_(y)).", ["https://a.example/x_(y)"]],
    ["[https://a.example/x]", ["https://a.example/x"]],
    ["https://[::1]:8001/x", ["https://[::1]:8001/x"]],
    ['"https://a.example/x"', ["https://a.example/x"]],
    ["<https://a.example/x>", ["https://a.example/x"]],
    ["„https://a.example/x“", ["https://a.example/x"]],
    ["https://a.example/über/日本", ["https://a.example/über/日本"]],
    ["https://a.example/x。", ["https://a.example/x"]],
    ["https://a.example…", ["https://a.example"]],
    ["https://a.example/\nhttps://b.example/", ["https://a.example/", "https://b.example/"]],
    ["https://a.example:8443/x", ["https://a.example:8443/x"]],
    ["**https://a.example/x**", ["https://a.example/x"]],
    ["https://a.example/\u200bevil", ["https://a.example/"]],
    ["www.example.org", ["www.example.org"]],
    ["See WWW.Example.org/a, or (www.b.example).", ["WWW.Example.org/a", "www.b.example"]],
    ["https://www.example.org", ["https://www.example.org"]],
    // The punctuation of other scripts ends an address, also in the middle of a text without spaces.
    ["请看（https://a.example/x）", ["https://a.example/x"]],
    ["请看https://a.example/x，然后", ["https://a.example/x"]],
    ["请看https://a.example/x；然后", ["https://a.example/x"]],
    ["https://a.example/x：然后", ["https://a.example/x"]],
    ["「https://a.example/x」を見る", ["https://a.example/x"]],
    ["『https://a.example/x』【https://b.example/】", ["https://a.example/x", "https://b.example/"]],
    ["《https://a.example/x》〈https://b.example/〉", ["https://a.example/x", "https://b.example/"]],
    [
      "〔https://a.example/〕［https://b.example/］｛https://c.example/｝",
      ["https://a.example/", "https://b.example/", "https://c.example/"],
    ],
    ["https://a.example/x。次に、https://b.example/y、", ["https://a.example/x", "https://b.example/y"]],
    ["https://a.example/x！https://b.example/y？", ["https://a.example/x", "https://b.example/y"]],
    ["انظر https://a.example/x، ثم https://b.example/y؛ هل؟", ["https://a.example/x", "https://b.example/y"]],
    ["https://a.example/x؟", ["https://a.example/x"]],
    ["دیکھیں https://a.example/x۔", ["https://a.example/x"]],
    ["देखें https://a.example/x।", ["https://a.example/x"]],
    ["‹https://a.example/x› «https://b.example/»", ["https://a.example/x", "https://b.example/"]],
    ["‘https://a.example/x’ “https://b.example/”", ["https://a.example/x", "https://b.example/"]],
  ])("is found: %s", (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it.each([
    "no address here",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://a.example/x",
    "mailto:a@b.example",
    "www.",
    "www.example",
    "www...",
    "awww.example.org",
    "me@www.example.org",
    "www.example.org:secret@evil.example",
    "https://",
    "https://.",
    "https:// a.example",
    "xhttps://a.example",
    "https://user:password@a.example/",
    "https://bank.example@evil.example/",
    "https://a.example:99999/",
  ])("is not seen where there is none that leads to a page: %s", (text) => {
    expect(links(text)).toEqual([]);
  });
});

it("leads to https where no scheme was written", () => {
  expect(split("www.example.org/a")).toEqual([
    { kind: "link", text: "www.example.org/a", href: "https://www.example.org/a" },
  ]);
});

it("never leads anywhere but http and https", () => {
  for (const text of ["http://a.example", "hTTpS://a.example"]) {
    const [part] = split(text);
    expect(part?.kind === "link" && new URL(part.href).protocol).toMatch(/^https?:$/);
  }
});

it.each([
  "",
  "plain",
  "https://a.example",
  "before https://a.example/x, between https://b.example. after",
  "(https://a.example/x_(y)) <script>alert(1)</script> https://user@a.example &amp; 𝄞",
])("loses nothing: %s", (text) => {
  expect(
    split(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});

it("leaves markup as the text that it is", () => {
  expect(split("<img src=x onerror=alert(1)>")).toEqual([{ kind: "text", text: "<img src=x onerror=alert(1)>" }]);
  expect(links('https://a.example/"onclick="alert(1)')).toEqual(["https://a.example/"]);
});

it("is quick on texts made to be slow", () => {
  const began = performance.now();
  for (const text of [")".repeat(1000), `https://a.example/${")".repeat(1000)}`, "https://".repeat(125)]) split(text);
  expect(performance.now() - began).toBeLessThan(500);
});

it("sends the page behind a link neither opener nor referrer", () => {
  expect(LINK_REL.split(" ").sort()).toEqual(["noopener", "noreferrer"]);
});
