/** What the tree of audiences tells about its viewer: their level, the names of scopes, what they may recall. Pure. */

import type { Audiences, Message } from "../../api";
import { LOCALE } from "../strings";

// "Coast Health 4" before "Coast Health 17".
const { compare } = new Intl.Collator(LOCALE, { numeric: true });
const byName = (one: { name: string }, other: { name: string }) => compare(one.name, other.name);

export type Level = "platform" | "organisation" | "clinic";

export class Directory {
  readonly audiences: Audiences;
  readonly level: Level;
  readonly #organisations = new Map<string, { name: string; selectable: boolean }>();
  readonly #clinics = new Map<string, { name: string; organisation: string }>();

  constructor(audiences: Audiences) {
    const organisations = audiences.organisations.map((one) => ({ ...one, clinics: [...one.clinics].sort(byName) }));
    this.audiences = { ...audiences, organisations: organisations.sort(byName) };
    for (const { id, name, selectable, clinics } of organisations) {
      this.#organisations.set(id, { name, selectable });
      for (const clinic of clinics) this.#clinics.set(clinic.id, { name: clinic.name, organisation: id });
    }
    const isOfOrganisation = audiences.organisations.some((organisation) => organisation.selectable);
    this.level = audiences.everyone ? "platform" : isOfOrganisation ? "organisation" : "clinic";
  }

  /** Whether there are organisations and clinics to choose between: an organisation with one clinic is no choice. */
  get hasChoice(): boolean {
    return this.audiences.organisations.some(({ clinics }) => clinics.length > 1);
  }

  /** The name; the id of one that has left the directory, or that the viewer does not administer. */
  organisationName(id: string): string {
    return this.#organisations.get(id)?.name ?? id;
  }

  clinicName(id: string): string {
    return this.#clinics.get(id)?.name ?? id;
  }

  scopeName(scope: { level: "organisation" | "clinic"; id: string }): string {
    return scope.level === "organisation" ? this.organisationName(scope.id) : this.clinicName(scope.id);
  }

  /** Whether it is worth offering: by its sender, or by an administrator above all its targets. The hub decides. */
  mayRecall(message: Message, me: string): boolean {
    if (message.status === "recalled" || message.entries_dropped) return false;
    if (message.sender.id === me || this.level === "platform") return true;
    const { everyone, organisations = [], clinics = [], other_scopes = 0 } = message.audience;
    if (everyone || other_scopes > 0 || organisations.length > 0) return false;
    return clinics.every((id) => this.#organisations.get(this.#clinics.get(id)?.organisation ?? "")?.selectable);
  }
}
