import { beforeEach, describe, expect, it } from "vitest";
import { cleanToken, keepToken, loadToken, platformOf, readIdentity } from "./session";

function token(payload: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  const encoded = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  return `e30.${encoded}.signature`;
}

describe("readIdentity", () => {
  it("reads who it is for, in any script", () => {
    expect(readIdentity(token({ sub: "zoë-医师", platform: "demo" }))).toEqual({ user: "zoë-医师", platform: "demo" });
  });

  it.each(["", "abc", "a.b.c", token({ sub: "x" }), token({ sub: 1, platform: "demo" }), token(null)])(
    "takes %j for no token",
    (text) => {
      expect(readIdentity(text)).toBeNull();
    },
  );
});

describe("cleanToken", () => {
  it("takes away what is copied along", () => {
    expect(["  a.b.c\n", "Bearer a.b.c", "Authorization: Bearer  a.b.c"].map(cleanToken)).toEqual(
      Array(3).fill("a.b.c"),
    );
  });
});

describe("platformOf", () => {
  it.each([
    ["acme", "acme"],
    [" acme \n", "acme"],
    ["anna@acme.example", "acme.example"],
    [`"a@b"@acme.example`, "acme.example"],
    ["anna@", ""],
    ["", ""],
  ])("reads %j", (typed, platform) => {
    expect(platformOf(typed)).toBe(platform);
  });
});

describe("the kept token", () => {
  beforeEach(() => sessionStorage.clear());

  it("lasts until it is taken away", () => {
    keepToken(sessionStorage, "a.b.c");
    expect(loadToken(sessionStorage)).toBe("a.b.c");
    keepToken(sessionStorage, null);
    expect(loadToken(sessionStorage)).toBeNull();
    expect(loadToken(null)).toBeNull();
  });
});
