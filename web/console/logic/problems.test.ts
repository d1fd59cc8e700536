import { describe, expect, it } from "vitest";
import { Problem } from "../../api";
import { BEGINNING } from "./acknowledgement";
import { EMPTY } from "./draft";
import { NO_OPTIONS } from "./options";
import { findMistakes, hasMistakes, mistakes, NONE, sentence } from "./problems";
import { NOTHING } from "./selection";

const DRAFT = { ...EMPTY, title: "Title", body: "Body", selection: { ...NOTHING, everyone: true } };

const refused = (errors: Record<string, unknown>) => new Problem(422, "validation-failed", "Not valid.", errors);

describe("mistakes", () => {
  it("puts each error beside its field, however deep it is nested", () => {
    const error = refused({
      title: ["Must have at most 70 characters, has 71."],
      audience: {
        organisations: ["Unknown organisation: x."],
        clinics: { 0: ["Not a valid string."], 3: ["Not a valid string."] },
      },
    });
    expect(mistakes(error)).toEqual({
      fields: {
        title: "Must have at most 70 characters, has 71.",
        audience: "Unknown organisation: x. Not a valid string.",
      },
      other: null,
    });
  });

  it("puts an expiry that has passed beside its field", () => {
    const error = new Problem(422, "expires-too-early", "It has passed.", { expires_at: ["Must be in the future."] });
    expect(mistakes(error)).toEqual({ fields: { expires_at: "Must be in the future." }, other: null });
  });

  it("shows above the form what belongs to no field", () => {
    expect(mistakes(refused({ colour: ["Unknown field."] }))).toEqual({ fields: {}, other: "colour: Unknown field." });
  });

  it("puts what is wrong with the acknowledgement beside its own fields", () => {
    const wrong = { due_at: ["Must be after the message is sent."], remind_days_before: { 0: ["Not an integer."] } };
    expect(mistakes(refused({ acknowledgement: wrong, supersedes: ["Another message corrects it already."] }))).toEqual(
      {
        fields: { due_at: "Must be after the message is sent.", remind_days_before: "Not an integer." },
        other: "Another message corrects it already.",
      },
    );
  });

  it("falls back on the sentence where no field is named", () => {
    expect(mistakes(new Problem(403, "feature-not-available", "Not in the plan."))).toEqual({
      fields: {},
      other: "Your platform’s plan does not include sending messages.",
    });
    expect(mistakes(new Problem(409, "recalled", "It was recalled."))).toEqual({
      fields: {},
      other: "It was recalled.",
    });
  });

  it("names the audience that is out of reach", () => {
    const error = new Problem(403, "audience-out-of-reach", "You do not administer: x.", {
      audience: { clinics: ["Beyond your reach: x."] },
    });
    expect(mistakes(error)).toEqual({ fields: { audience: "Beyond your reach: x." }, other: null });
  });
});

describe("sentence", () => {
  it("says nothing technical about what is not the hub’s", () => {
    expect(sentence(new TypeError("x is undefined"))).not.toContain("undefined");
  });

  it("speaks of the connection when nobody answers", () => {
    expect(sentence(Problem.notReached(false, null))).toBe("Message Hub cannot be reached. Check your connection.");
  });
});

describe("findMistakes", () => {
  it("finds nothing in a message that can be sent", () => {
    expect(findMistakes(DRAFT, new Date())).toEqual(NONE);
  });

  it("finds everything at once", () => {
    const options = { ...NO_OPTIONS, pinned_until: "" };
    const draft = { ...DRAFT, title: "", body: "x".repeat(1001), selection: NOTHING, options };
    expect(findMistakes(draft, new Date()).fields).toEqual({
      pinned_until: "Choose a date and a time.",
      audience: "Choose recipients.",
      title: "Enter a title.",
      body: "Shorten the message to 1,000 characters; it has 1,001.",
    });
    const asking = {
      ...DRAFT,
      acknowledgement: { ...BEGINNING, statement: "" },
      supersedes: "0190",
      change_summary: "No",
    };
    const expiring = { ...asking, options: { ...NO_OPTIONS, expires_at: new Date(Date.now() + 60_000).toISOString() } };
    expect(findMistakes(expiring, new Date()).fields).toEqual({
      change_summary: "Write at least 8 characters; it has 2.",
      expires_at: "It would be taken down before it is due. Change one of the two times.",
      statement: "Enter a statement.",
    });
  });
});

describe("hasMistakes", () => {
  it("is true for a field and for the form", () => {
    expect(hasMistakes(NONE)).toBe(false);
    expect(hasMistakes({ fields: { title: "Enter a title." }, other: null })).toBe(true);
    expect(hasMistakes({ fields: {}, other: "No." })).toBe(true);
  });
});
