import { describe, expect, it } from "vitest";
import {
  ALL_MESSAGES,
  composePath,
  copyPath,
  correctionPath,
  followUpPath,
  messagePath,
  messagesPath,
  parse,
  receivedPath,
} from "./routes";

describe("parse", () => {
  it.each([
    ["", { page: "home" }],
    ["#", { page: "home" }],
    ["#/", { page: "home" }],
    ["#/messages", { page: "messages", ...ALL_MESSAGES }],
    ["#/messages?clinic=a%26b", { page: "messages", ...ALL_MESSAGES, filter: { level: "clinic", id: "a&b" } }],
    ["#/messages?q=two+words", { page: "messages", ...ALL_MESSAGES, q: "two words" }],
    ["#/messages?category=a%26b&q=", { page: "messages", ...ALL_MESSAGES, category: "a&b" }],
    ["#/messages/0190", { page: "message", id: "0190" }],
    ["#/received", { page: "received", category: null, id: null }],
    ["#/received/0190", { page: "received", category: null, id: "0190" }],
    ["#/organisations", { page: "organisations" }],
    ["#/compose", { page: "compose", draft: null, preset: null, copy: null, follow: null, correct: null }],
    [
      "#/compose?organisation=x",
      {
        page: "compose",
        draft: null,
        preset: { level: "organisation", id: "x" },
        copy: null,
        follow: null,
        correct: null,
      },
    ],
    ["#/elsewhere", { page: "unknown" }],
    ["#/received/1/2", { page: "unknown" }],
    ["#/organisations/1", { page: "unknown" }],
    ["#/messages/1/2", { page: "unknown" }],
    ["#/messages/%E0%A4%A", { page: "message", id: "%E0%A4%A" }],
  ])("reads %s", (hash, route) => {
    expect(parse(hash)).toEqual(route);
  });
});

describe("paths", () => {
  it("lead back to where they came from, whatever an id contains", () => {
    const id = "a/b?c=d&e#f é";
    const filter = { level: "clinic" as const, id };
    const listing = { filter, category: "ö=?", q: "Ä & b?" };
    expect(parse(messagesPath(listing))).toEqual({ page: "messages", ...listing });
    expect(messagesPath()).toBe("#/messages");
    expect(parse(receivedPath("Ä & b?"))).toEqual({ page: "received", category: "Ä & b?", id: null });
    expect(receivedPath()).toBe("#/received");
    expect(parse(composePath({ level: "organisation", id }))).toEqual({
      page: "compose",
      draft: null,
      preset: { level: "organisation", id },
      copy: null,
      follow: null,
      correct: null,
    });
    expect(parse(copyPath(id))).toEqual({
      page: "compose",
      draft: null,
      preset: null,
      copy: id,
      follow: null,
      correct: null,
    });
    expect(parse(followUpPath(id))).toEqual({
      page: "compose",
      draft: null,
      preset: null,
      copy: null,
      follow: id,
      correct: null,
    });
    expect(parse(correctionPath(id))).toMatchObject({ page: "compose", copy: null, correct: id });
    expect(parse(messagePath(id))).toEqual({ page: "message", id });
  });
});
