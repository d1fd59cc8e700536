import { describe, expect, it } from "vitest";
import type { Organisation } from "../../api";
import { CLINICS, PLATFORM } from "../samples";
import {
  clinicCheck,
  countScopes,
  fromAudience,
  hasAllFound,
  isKnown,
  keepKnown,
  NOTHING,
  organisationCheck,
  type Selection,
  startingSelection,
  toAudience,
  toggleClinic,
  toggleFound,
  toggleOrganisation,
  wholeReach,
} from "./selection";
import { countResults, search } from "./tree";

const [north, south] = PLATFORM.organisations as [Organisation, Organisation];
const [group] = CLINICS.organisations as [Organisation];

function select(organisations: string[], clinics: string[] = [], everyone = false): Selection {
  return { everyone, organisations: new Set(organisations), clinics: new Set(clinics) };
}

describe("a ticked organisation", () => {
  const selection = toggleOrganisation(NOTHING, north);

  it("shows all its clinics ticked and is one scope", () => {
    expect(north.clinics.map(({ id }) => clinicCheck(selection, north, id))).toEqual(["on", "on", "on"]);
    expect(organisationCheck(selection, north)).toBe("on");
    expect(organisationCheck(selection, south)).toBe("off");
    expect(countScopes(selection)).toBe(1);
  });

  it("leaves its other clinics when one is unticked", () => {
    const less = toggleClinic(selection, north, "birch");
    expect(organisationCheck(less, north)).toBe("mixed");
    expect(toAudience(less)).toEqual({ organisations: [], clinics: ["aspen", "zoe"] });
  });

  it("is unticked with everything in it", () => {
    expect(toAudience(toggleOrganisation(selection, north))).toBeNull();
  });
});

describe("a half-checked organisation", () => {
  it("becomes whole when it is ticked, and swallows its clinics", () => {
    const some = toggleClinic(NOTHING, north, "aspen");
    expect(organisationCheck(some, north)).toBe("mixed");
    expect(toAudience(toggleOrganisation(some, north))).toEqual({ organisations: ["north"], clinics: [] });
  });

  it("stays half-checked with all its clinics ticked: people of the organisation alone are not reached", () => {
    let selection = NOTHING;
    for (const { id } of north.clinics) selection = toggleClinic(selection, north, id);
    expect(organisationCheck(selection, north)).toBe("mixed");
  });

  it("is off again without its last clinic", () => {
    const selection = toggleClinic(toggleClinic(NOTHING, north, "aspen"), north, "aspen");
    expect(organisationCheck(selection, north)).toBe("off");
  });
});

describe("an organisation that only groups clinics", () => {
  it("ticks all of them, and is never a target itself", () => {
    const selection = toggleOrganisation(NOTHING, group);
    expect(toAudience(selection)).toEqual({ organisations: [], clinics: ["aspen", "birch"] });
    expect(organisationCheck(selection, group)).toBe("on");
    expect(toAudience(toggleOrganisation(selection, group))).toBeNull();
  });

  it("is half-checked with some, and becomes whole", () => {
    const some = toggleClinic(NOTHING, group, "birch");
    expect(organisationCheck(some, group)).toBe("mixed");
    expect(organisationCheck(toggleOrganisation(some, group), group)).toBe("on");
  });
});

describe("toAudience", () => {
  it("is the same request for the same choice, in whatever order it was made", () => {
    const one = toggleClinic(toggleClinic(NOTHING, north, "zoe"), north, "aspen");
    const other = toggleClinic(toggleClinic(NOTHING, north, "aspen"), north, "zoe");
    expect(JSON.stringify(toAudience(one))).toBe(JSON.stringify(toAudience(other)));
  });

  it("is everyone alone, and the choice beneath is kept for later", () => {
    const selection = select(["north"], [], true);
    expect(toAudience(selection)).toEqual({ everyone: true });
    expect(toAudience({ ...selection, everyone: false })).toEqual({ organisations: ["north"], clinics: [] });
  });
});

describe("keepKnown", () => {
  it("drops what has left the directory and what may not be chosen", () => {
    expect(keepKnown(select(["north", "gone"], ["cedar", "away"], true), PLATFORM)).toEqual(
      select(["north"], ["cedar"], true),
    );
  });

  it("turns an organisation that only groups clinics into those clinics, and takes everyone away", () => {
    expect(keepKnown(select(["north"], [], true), CLINICS)).toEqual(select([], ["aspen", "birch"]));
  });
});

describe("everything that a search found", () => {
  it("is an organisation that was found itself, and the clinics that were found of others", () => {
    const branches = [...search(PLATFORM, "birch"), ...search(PLATFORM, "southern")];
    expect(countResults(branches)).toBe(2);
    const selection = toggleFound(select([], ["zoe", "cedar"]), branches);
    expect(toAudience(selection)).toEqual({ organisations: ["south"], clinics: ["birch", "zoe"] });
    expect(hasAllFound(selection, branches)).toBe(true);
    expect(toAudience(toggleFound(selection, branches))).toEqual({ organisations: [], clinics: ["zoe"] });
  });

  it("leaves a ticked organisation as it is, and takes clinics out of it", () => {
    const branches = search(PLATFORM, "hill");
    expect(hasAllFound(select(["north"]), branches)).toBe(true);
    expect(toAudience(toggleFound(select(["north"]), branches))).toEqual({
      organisations: [],
      clinics: ["aspen", "zoe"],
    });
    expect(toAudience(toggleFound(select(["north"]), search(PLATFORM, "street park")))).toEqual({
      organisations: ["north"],
      clinics: [],
    });
  });

  it("is the clinics of an organisation that only groups them", () => {
    const branches = search(CLINICS, "northern");
    expect(countResults(branches)).toBe(2);
    expect(toAudience(toggleFound(NOTHING, branches))).toEqual({ organisations: [], clinics: ["aspen", "birch"] });
  });
});

describe("wholeReach", () => {
  const alone = { ...PLATFORM, everyone: false, organisations: [south] };

  it("is everyone on the platform, or everyone in the only organisation", () => {
    expect(wholeReach(PLATFORM)).toEqual({ name: null, count: 70, selection: select([], [], true), isOnly: false });
    expect(wholeReach(alone)).toEqual({
      name: "Southern Care",
      count: 20,
      selection: select(["south"]),
      isOnly: false,
    });
  });

  it("is nothing where several organisations or clinics are administered", () => {
    expect(wholeReach({ ...PLATFORM, everyone: false })).toBeNull();
    expect(wholeReach(CLINICS)).toBeNull();
  });

  it("is the only choice, and chosen from the start, for a single clinic", () => {
    const one = { ...CLINICS, organisations: [{ ...group, clinics: group.clinics.slice(0, 1) }] };
    expect(wholeReach(one)).toMatchObject({ name: "Aspen Street", count: 10, isOnly: true });
    expect(startingSelection(one)).toEqual(select([], ["aspen"]));
    expect(wholeReach({ ...alone, organisations: [{ ...south, clinics: [] }] })?.isOnly).toBe(true);
  });

  it("leaves every real choice to the administrator", () => {
    for (const audiences of [PLATFORM, CLINICS, alone]) expect(startingSelection(audiences)).toEqual(NOTHING);
  });
});

describe("fromAudience", () => {
  it("is the choice that was sent, as far as the viewer knows it", () => {
    expect(fromAudience({ everyone: true })).toEqual(select([], [], true));
    expect(fromAudience({ organisations: ["north"], clinics: ["cedar"], other_scopes: 2 })).toEqual(
      select(["north"], ["cedar"]),
    );
  });

  it("says whether the viewer may choose all of it again", () => {
    const narrower = { organisations: ["north"], clinics: ["aspen"] };
    expect(keepKnown(fromAudience(narrower), CLINICS)).toEqual(select([], ["aspen", "birch"]));
    expect(isKnown(narrower, CLINICS)).toBe(false);
    expect(isKnown({ everyone: true }, CLINICS)).toBe(false);
    expect(isKnown({ clinics: ["aspen"], other_scopes: 1 }, CLINICS)).toBe(false);
    expect(isKnown({ clinics: ["aspen"] }, CLINICS)).toBe(true);
    expect(isKnown({ clinics: ["cedar"], organisations: ["north"] }, PLATFORM)).toBe(true);
  });
});
