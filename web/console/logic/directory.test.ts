import { describe, expect, it } from "vitest";
import type { Audiences } from "../../api";
import { CLINICS, message, PLATFORM } from "../samples";
import { Directory } from "./directory";

const ORGANISATION: Audiences = {
  ...PLATFORM,
  everyone: false,
  user_count: null,
  organisations: PLATFORM.organisations.slice(0, 1),
};

describe("level", () => {
  it("follows from what may be chosen", () => {
    expect(new Directory(PLATFORM).level).toBe("platform");
    expect(new Directory(ORGANISATION).level).toBe("organisation");
    expect(new Directory(CLINICS).level).toBe("clinic");
  });
});

describe("names", () => {
  it("are ids for what is not in the directory any more", () => {
    const directory = new Directory(PLATFORM);
    expect(directory.scopeName({ level: "organisation", id: "north" })).toBe("Northern Care");
    expect(directory.scopeName({ level: "clinic", id: "cedar" })).toBe("Cedar Park");
    expect(directory.scopeName({ level: "clinic", id: "gone" })).toBe("gone");
  });
});

describe("mayRecall", () => {
  const platform = new Directory(PLATFORM);
  const organisation = new Directory(ORGANISATION);

  it("is for the sender and for platform administrators", () => {
    expect(platform.mayRecall(message(), "somebody")).toBe(true);
    expect(organisation.mayRecall(message({ audience: { everyone: true } }), "amara")).toBe(true);
  });

  it("is for an administrator above all targets", () => {
    const clinics = (...ids: string[]) => message({ audience: { organisations: [], clinics: ids } });
    expect(organisation.mayRecall(clinics("aspen", "birch"), "fiona")).toBe(true);
    expect(organisation.mayRecall(clinics("aspen", "cedar"), "fiona")).toBe(false);
    expect(new Directory(CLINICS).mayRecall(clinics("aspen"), "mateo")).toBe(false);
  });

  it("is not for one beside the targets, nor where some cannot be seen", () => {
    expect(organisation.mayRecall(message(), "fiona")).toBe(false);
    const hidden = message({ audience: { organisations: [], clinics: ["aspen"], other_scopes: 1 } });
    expect(organisation.mayRecall(hidden, "fiona")).toBe(false);
  });

  it("is over once it was recalled or its entries are dropped", () => {
    expect(platform.mayRecall(message({ status: "recalled" }), "amara")).toBe(false);
    expect(platform.mayRecall(message({ entries_dropped: true }), "amara")).toBe(false);
  });
});

it("sorts names as people count: 4 before 17", () => {
  const [north] = PLATFORM.organisations;
  const named = (name: string) => ({ id: name, name, user_count: 1 });
  const clinics = [named("Coast Health 17"), named("Coast Health 25"), named("Coast Health 4")];
  const organisations = [
    { ...PLATFORM.organisations[0], clinics, id: "b", name: "Group 10" },
    { ...north, name: "Group 9" },
  ];
  const { audiences } = new Directory({ ...PLATFORM, organisations } as typeof PLATFORM);
  expect(audiences.organisations.map(({ name }) => name)).toEqual(["Group 9", "Group 10"]);
  expect(audiences.organisations[1]?.clinics.map(({ name }) => name.split(" ").at(-1))).toEqual(["4", "17", "25"]);
});
