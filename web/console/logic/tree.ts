/** Finds organisations and clinics by the words that the user types. Pure; used by the tree of the compose page, the list, the filter. */

import type { Audiences, Clinic, Organisation } from "../../api";

export interface Branch {
  organisation: Organisation;
  /** Those to show: all of them where the organisation itself was found. */
  clinics: Clinic[];
  /** Whether one of its clinics was found, so that the branch opens by itself. */
  hasFoundClinic: boolean;
}

/** Lower case without accents, so that "zoe" finds "Zoë". */
export function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLocaleLowerCase();
}

/**
 * Organisations with the clinics to show; every word must be in the name, in any order. With `onlyClinics` an organisation's own name
 * does not count.
 */
export function search(audiences: Audiences, query: string, onlyClinics = false): Branch[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const branches: Branch[] = [];
  for (const organisation of audiences.organisations) {
    if (words.length === 0) {
      branches.push({ organisation, clinics: organisation.clinics, hasFoundClinic: false });
      continue;
    }
    const found = organisation.clinics.filter((clinic) => hasWords(clinic.name, words));
    if (!onlyClinics && hasWords(organisation.name, words)) {
      branches.push({ organisation, clinics: organisation.clinics, hasFoundClinic: false });
    } else if (found.length > 0) {
      branches.push({ organisation, clinics: found, hasFoundClinic: true });
    }
  }
  return branches;
}

export function countFound(branches: Branch[]): { organisations: number; clinics: number } {
  const clinics = branches.reduce((sum, branch) => sum + branch.clinics.length, 0);
  return { organisations: branches.length, clinics };
}

/** How many choices a search found: an organisation that was found itself is one, with all its clinics. */
export function countResults(branches: Branch[]): number {
  return branches.reduce((sum, branch) => sum + (isResult(branch) ? 1 : branch.clinics.length), 0);
}

/** Whether the organisation is a result, rather than its clinics. */
export function isResult({ organisation, hasFoundClinic }: Branch): boolean {
  return organisation.selectable && !hasFoundClinic;
}

export interface Scope {
  level: "organisation" | "clinic";
  id: string;
  name: string;
  /** The organisation's name of a clinic. */
  within: string | null;
}

/** Organisations and clinics in one list, at most `limit` of them. An organisation that only groups clinics is not one. */
export function listScopes(audiences: Audiences, query: string, limit: number): Scope[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const scopes: Scope[] = [];
  const add = (scope: Scope) => {
    if (hasWords(scope.name, words)) scopes.push(scope);
    return scopes.length < limit;
  };
  for (const { id, name, selectable, clinics } of audiences.organisations) {
    if (selectable && !add({ level: "organisation", id, name, within: null })) return scopes;
    // Without a query the organisations alone are the better overview.
    if (words.length === 0 && selectable) continue;
    for (const clinic of clinics) {
      if (!add({ level: "clinic", id: clinic.id, name: clinic.name, within: name })) return scopes;
    }
  }
  return scopes;
}

function hasWords(name: string, words: string[]): boolean {
  const folded = fold(name);
  return words.every((word) => folded.includes(word));
}
