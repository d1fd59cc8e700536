/**
 * Which organisations and clinics are ticked. Pure; values are never changed in place.
 *
 * A ticked organisation is a target of its own: it reaches all its clinics and the people who belong to the organisation
 * only. Ticking every clinic one by one is therefore not the same, and leaves the organisation half-checked.
 */

import type { Audience, Audiences, Message, Organisation } from "../../api";

export const MAX_SCOPES = 1000;

export interface Selection {
  readonly everyone: boolean;
  readonly organisations: ReadonlySet<string>;
  readonly clinics: ReadonlySet<string>;
}

export type Check = "on" | "off" | "mixed";

export const NOTHING: Selection = { everyone: false, organisations: new Set(), clinics: new Set() };

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

/** Unticking one clinic of a ticked organisation leaves its other clinics ticked. */
export function toggleClinic(selection: Selection, organisation: Organisation, clinic: string): Selection {
  const organisations = new Set(selection.organisations);
  const clinics = new Set(selection.clinics);
  if (organisations.delete(organisation.id)) {
    for (const sibling of organisation.clinics) clinics.add(sibling.id);
    clinics.delete(clinic);
  } else if (!clinics.delete(clinic)) {
    clinics.add(clinic);
  }
  return { ...selection, organisations, clinics };
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

/** What a new message starts with: somebody who may choose one thing only has it chosen. */
export function startingSelection(audiences: Audiences): Selection {
  const [organisation, ...others] = audiences.organisations;
  if (audiences.everyone || organisation === undefined || others.length > 0) return NOTHING;
  if (organisation.selectable) return NOTHING;
  const [clinic, ...more] = organisation.clinics;
  return clinic !== undefined && more.length === 0 ? { ...NOTHING, clinics: new Set([clinic.id]) } : NOTHING;
}
