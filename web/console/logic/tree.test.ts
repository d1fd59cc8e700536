import { describe, expect, it } from "vitest";
import { CLINICS, PLATFORM } from "../samples";
import { countFound, listScopes, search } from "./tree";

const names = (query: string) =>
  search(PLATFORM, query).map(({ organisation, clinics }) => [organisation.id, ...clinics.map(({ id }) => id)]);

describe("search", () => {
  it("shows everything, closed, without a query", () => {
    expect(names(" ")).toEqual([
      ["north", "aspen", "birch", "zoe"],
      ["south", "cedar"],
    ]);
    expect(search(PLATFORM, "").some(({ hasFoundClinic }) => hasFoundClinic)).toBe(false);
  });

  it("shows the clinics that match, and opens their organisation", () => {
    expect(names("hill BIRCH")).toEqual([["north", "birch"]]);
    expect(search(PLATFORM, "birch")[0]?.hasFoundClinic).toBe(true);
  });

  it("shows all clinics of an organisation that matches itself", () => {
    expect(names("southern")).toEqual([["south", "cedar"]]);
  });

  it("finds clinics alone where their organisation is no result", () => {
    expect(search(PLATFORM, "care", true)).toEqual([]);
    expect(search(PLATFORM, "care")).toHaveLength(2);
  });

  it("takes accents and capitals as equal", () => {
    expect(names("zoe")).toEqual([["north", "zoe"]]);
  });

  it("finds nothing where there is nothing", () => {
    expect(names("birch southern")).toEqual([]);
    expect(countFound(search(PLATFORM, "nowhere"))).toEqual({ organisations: 0, clinics: 0 });
    expect(countFound(search(PLATFORM, ""))).toEqual({ organisations: 2, clinics: 4 });
  });
});

describe("listScopes", () => {
  it("gives the organisations as an overview, and clinics to those who type", () => {
    expect(listScopes(PLATFORM, "", 50).map(({ id }) => id)).toEqual(["north", "south"]);
    expect(listScopes(PLATFORM, "park", 50)).toEqual([
      { level: "clinic", id: "cedar", name: "Cedar Park", within: "Southern Care" },
    ]);
  });

  it("leaves out an organisation that only groups clinics", () => {
    expect(listScopes(CLINICS, "", 50).map(({ id }) => id)).toEqual(["aspen", "birch"]);
  });

  it("stops at its limit", () => {
    expect(listScopes(PLATFORM, "e", 2)).toHaveLength(2);
  });
});
