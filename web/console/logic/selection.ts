/**
 * Which organisations and clinics are ticked. Pure; values are never changed in place.
 *
 * A ticked organisation is a target of its own: it reaches all its clinics and the people who belong to the organisation
 * only. Ticking every clinic one by one is therefore not the same, and leaves the organisation half-checked.
 */

import type { Audience, Audiences, Message, Organisation } from "../../api";
import type { Filter } from "./routes";
import { type Branch, isResult } from "./tree";

export const MAX_SCOPES = 1000;

export interface Selection {
  readonly everyone: boolean;
  readonly organisations: ReadonlySet<string>;
  readonly clinics: ReadonlySet<string>;
}

export type Check = "on" | "off" | "mixed";

export const NOTHING: Selection = { everyone: false, organisations: new Set(), clinics: new Set() };

/** One organisation or clinic alone. */
export function selectOne({ level, id }: NonNullable<Filter>): Selection {
  const ids = new Set([id]);
  return level === "organisation" ? { ...NOTHING, organisations: ids } : { ...NOTHING, clinics: ids };
}

export function clinicCheck(selection: Selection, organisation: Organisation, clinic: string): Check {
  return selection.organisations.has(organisation.id) || selection.clinics.has(clinic) ? "on" : "off";
}

export function organisationCheck(selection: Selection, organisation: Organisation): Check {
  if (selection.organisations.has(organisation.id)) return "on";
  const count = countTicked(selection, organisation);
  if (count === 0) return "off";
  const isWhole = !organisation.selectable && count === organisation.clinics.length;
  return isWhole ? "on" : "mixed";
}

/** How many of its clinics are ticked, one by one or with the organisation. */
export function countTicked(selection: Selection, organisation: Organisation): number {
  if (selection.organisations.has(organisation.id)) return organisation.clinics.length;
  return organisation.clinics.filter((clinic) => selection.clinics.has(clinic.id)).length;
}

/** Ticks the whole organisation, or nothing of it. One that only groups clinics ticks all of them instead. */
export function toggleOrganisation(selection: Selection, organisation: Organisation): Selection {
  const tick = organisationCheck(selection, organisation) !== "on";
  const organisations = new Set(selection.organisations);
  const clinics = new Set(selection.clinics);
  organisations.delete(organisation.id);
  for (const clinic of organisation.clinics) clinics.delete(clinic.id);
  if (tick && organisation.selectable) organisations.add(organisation.id);
  if (tick && !organisation.selectable) for (const clinic of organisation.clinics) clinics.add(clinic.id);
  return { ...selection, organisations, clinics };
}

export function toggleClinic(selection: Selection, organisation: Organisation, clinic: string): Selection {
  return setClinics(selection, organisation, [clinic], clinicCheck(selection, organisation, clinic) === "off");
}

/** Unticking clinics of a ticked organisation leaves its other clinics ticked. */
function setClinics(selection: Selection, organisation: Organisation, ids: string[], tick: boolean): Selection {
  const isTicked = selection.organisations.has(organisation.id);
  if (isTicked && tick) return selection;
  const organisations = new Set(selection.organisations);
  const clinics = new Set(selection.clinics);
  organisations.delete(organisation.id);
  if (isTicked) for (const { id } of organisation.clinics) clinics.add(id);
  for (const id of ids) {
    if (tick) clinics.add(id);
    else clinics.delete(id);
  }
  return { ...selection, organisations, clinics };
}

/** Whether everything that a search found is ticked. */
export function hasAllFound(selection: Selection, branches: Branch[]): boolean {
  return branches.every((branch) => {
    const { organisation, clinics } = branch;
    if (selection.organisations.has(organisation.id)) return true;
    return !isResult(branch) && clinics.every(({ id }) => selection.clinics.has(id));
  });
}

/** Ticks everything that a search found, or unticks it where all of it is ticked. */
export function toggleFound(selection: Selection, branches: Branch[]): Selection {
  const tick = !hasAllFound(selection, branches);
  let changed = selection;
  for (const branch of branches) {
    const { organisation, clinics } = branch;
    if (!isResult(branch))
      changed = setClinics(
        changed,
        organisation,
        clinics.map(({ id }) => id),
        tick,
      );
    else if (changed.organisations.has(organisation.id) !== tick) changed = toggleOrganisation(changed, organisation);
  }
  return changed;
}

export function countScopes(selection: Selection): number {
  return selection.organisations.size + selection.clinics.size;
}

/** The audience as the hub takes it, or null while nothing is chosen. Sorted: the same choice is the same request. */
export function toAudience(selection: Selection): Audience | null {
  if (selection.everyone) return { everyone: true };
  if (countScopes(selection) === 0) return null;
  return { organisations: [...selection.organisations].sort(), clinics: [...selection.clinics].sort() };
}

/** The choice that a message was sent with. */
export function fromAudience({ everyone, organisations, clinics }: Message["audience"]): Selection {
  return { everyone: everyone === true, organisations: new Set(organisations), clinics: new Set(clinics) };
}

/** Whether all that a message was sent to may be chosen. */
export function isKnown(audience: Message["audience"], audiences: Audiences): boolean {
  const selection = fromAudience(audience);
  return (audience.other_scopes ?? 0) === 0 && isSameChoice(keepKnown(selection, audiences), selection);
}

/** The selection without what may not, or no longer, be chosen. */
export function keepKnown(selection: Selection, audiences: Audiences): Selection {
  const organisations = new Set<string>();
  const clinics = new Set<string>();
  for (const organisation of audiences.organisations) {
    const isTicked = selection.organisations.has(organisation.id);
    if (isTicked && organisation.selectable) organisations.add(organisation.id);
    for (const clinic of organisation.clinics) {
      if (selection.clinics.has(clinic.id) || (isTicked && !organisation.selectable)) clinics.add(clinic.id);
    }
  }
  return { everyone: selection.everyone && audiences.everyone, organisations, clinics };
}

/** Everyone whom a viewer may address, where that is one audience. */
export interface Whole {
  /** The organisation or clinic; null: the platform. */
  readonly name: string | null;
  readonly count: number;
  readonly selection: Selection;
  /** Whether there is nothing else to choose. */
  readonly isOnly: boolean;
}

export function wholeReach({ everyone, user_count, organisations }: Audiences): Whole | null {
  const [organisation, ...others] = organisations;
  if (everyone) {
    const selection = { ...NOTHING, everyone };
    return { name: null, count: user_count ?? 0, selection, isOnly: organisation === undefined };
  }
  if (organisation === undefined || others.length > 0) return null;
  const { id, name, clinics } = organisation;
  if (organisation.selectable) {
    const selection = selectOne({ level: "organisation", id });
    return { name, count: organisation.user_count, selection, isOnly: clinics.length === 0 };
  }
  const [clinic, ...more] = clinics;
  if (clinic === undefined || more.length > 0) return null;
  const selection = selectOne({ level: "clinic", id: clinic.id });
  return { name: clinic.name, count: clinic.user_count, selection, isOnly: true };
}

/** What a new message starts with: the only choice where there is no other. */
export function startingSelection(audiences: Audiences): Selection {
  const whole = wholeReach(audiences);
  return whole?.isOnly ? whole.selection : NOTHING;
}

export function isSameChoice(one: Selection, other: Selection): boolean {
  return JSON.stringify(toAudience(one)) === JSON.stringify(toAudience(other));
}
