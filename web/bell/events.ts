/**
 * Events are how tabs share one connection: the leading tab receives news from the server, applies an event and posts it; the others
 * apply the same event to their own state.
 */
import type { Counts, Notification } from "../api";
import type { Connection, State } from "./state";
import * as states from "./state";

export type BellEvent =
  /** As the server counted some time after `asked` (Date.now() when the question went out). */
  | { readonly kind: "counts"; readonly counts: Counts; readonly asked: number }
  /** New in the inbox. `isCounted`: counts that take it in are on their way, or are here already. */
  | { readonly kind: "arrived"; readonly notification: Notification; readonly isCounted: boolean }
  | { readonly kind: "recalled" | "expired"; readonly id: string }
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
  /** Something changed that no event describes: load the shown lists again. */
  | { readonly kind: "stale" }
  | { readonly kind: "connection"; readonly connection: Connection };

/** The state once `event` is known. Pure, and the same in every tab. */
export function withEvent(state: State, event: BellEvent): State {
  switch (event.kind) {
    case "counts":
      return states.withCounts(state, event.counts);
    case "arrived": {
      const isCounted = event.isCounted || state.items.has(event.notification.id);
      const counts = isCounted ? state.counts : states.recount(state.counts, undefined, event.notification);
      return states.withCounts(states.withItem(state, event.notification), counts);
    }
    case "recalled":
    case "expired":
      return states.withCounts(
        states.without(state, event.id),
        states.recount(state.counts, state.items.get(event.id)),
      );
    case "changed":
      return states.withCounts(states.withItem(state, event.notification), event.counts);
    case "through":
      return states.withCounts(states.withThrough(state, event.through, event.what, event.at), event.counts);
    case "connection":
      return { ...state, connection: event.connection };
    case "stale":
      return state;
  }
}
