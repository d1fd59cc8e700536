/**
 * Facts: what tabs tell each other. One tab learns something from the server, applies it, and posts it; the others apply the
 * same fact to their own state. So all tabs of a user show the same, with one connection among them.
 */
import type { Counts, Notification } from "../api";
import type { Connection, State } from "./state";
import * as states from "./state";

export type Fact =
  /** As the server counted some time after `asked` (Date.now() when the question went out). */
  | { readonly kind: "counts"; readonly counts: Counts; readonly asked: number }
  /** New in the inbox. `isCounted`: counts that take it in are on their way, or are here already. */
  | { readonly kind: "arrived"; readonly notification: Notification; readonly isCounted: boolean }
  | { readonly kind: "recalled"; readonly id: string }
  /** The user did something to one. */
  | { readonly kind: "changed"; readonly notification: Notification; readonly counts: Counts }
  /** The user saw or read everything up to one. */
  | {
      readonly kind: "through";
      readonly through: Notification;
      readonly what: "seen_at" | "read_at";
      readonly at: string;
      readonly counts: Counts;
    }
  /** More may have happened than was told: load again what is being looked at. */
  | { readonly kind: "stale" }
  | { readonly kind: "connection"; readonly connection: Connection };

/** The state once `fact` is known. Pure, and the same in every tab. */
export function withFact(state: State, fact: Fact): State {
  switch (fact.kind) {
    case "counts":
      return states.withCounts(state, fact.counts);
    case "arrived": {
      const isCounted = fact.isCounted || state.items.has(fact.notification.id);
      const counts = isCounted ? state.counts : states.recount(state.counts, undefined, fact.notification);
      return states.withCounts(states.withItem(state, fact.notification), counts);
    }
    case "recalled":
      return states.withCounts(states.without(state, fact.id), states.recount(state.counts, state.items.get(fact.id)));
    case "changed":
      return states.withCounts(states.withItem(state, fact.notification), fact.counts);
    case "through":
      return states.withCounts(states.withThrough(state, fact.through, fact.what, fact.at), fact.counts);
    case "connection":
      return { ...state, connection: fact.connection };
    case "stale":
      return state;
  }
}
