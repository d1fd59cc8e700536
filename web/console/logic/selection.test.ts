import { describe, expect, it } from "vitest";
import type { Organisation } from "../../api";
import { CLINICS, PLATFORM } from "../samples";
import {
  clinicCheck,
  countScopes,
  fromAudience,
  keepKnown,
  NOTHING,
  organisationCheck,
  type Selection,
  startingSelection,
  toAudience,
  toggleClinic,
  toggleOrganisation,
} from "./selection";

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

describe("startingSelection", () => {
  it("chooses what is the only choice", () => {
    const only = { ...CLINICS, organisations: [{ ...group, clinics: group.clinics.slice(0, 1) }] };
    expect(startingSelection(only)).toEqual(select([], ["aspen"]));
  });

  it("leaves every real choice to the administrator", () => {
    expect(startingSelection(CLINICS)).toEqual(NOTHING);
    expect(startingSelection(PLATFORM)).toEqual(NOTHING);
  });
});

describe("fromAudience", () => {
  it("is the choice that was sent, as far as the viewer knows it", () => {
    expect(fromAudience({ everyone: true })).toEqual(select([], [], true));
    expect(fromAudience({ organisations: ["north"], clinics: ["cedar"], other_scopes: 2 })).toEqual(
      select(["north"], ["cedar"]),
    );
    expect(keepKnown(fromAudience({ organisations: ["north"], clinics: ["aspen"] }), CLINICS)).toEqual(
      select([], ["aspen", "birch"]),
    );
  });
});
