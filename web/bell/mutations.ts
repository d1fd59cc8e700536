/** What a user does to notifications: what will come of it, shown at once, and the call that makes it true. */
import type { Changed, Notification } from "../api";
import type { BellEvent } from "./events";
import type { Inbox } from "./inbox";
import type { State } from "./state";
import * as states from "./state";

export interface Mutation {
  /** The one notification it is about, if it is about one. */
  readonly id?: string;
  /** The state as it will be; laid over whatever the server says until it has answered. */
  predict(state: State): State;
  /** Rejects with a `Refusal`. */
  confirm(inbox: Inbox): Promise<BellEvent>;
}

export function markRead(item: Notification, isRead: boolean): Mutation {
  const at = item.read_at ?? now();
  const after = isRead ? { ...item, seen_at: item.seen_at ?? at, read_at: at } : { ...item, read_at: null };
  return alter(after, (inbox) => inbox.put("/v1/notifications/{message_id}/read", item.id, isRead));
}

export function archive(item: Notification, isArchived: boolean): Mutation {
  const after = { ...item, archived_at: isArchived ? (item.archived_at ?? now()) : null };
  return alter(after, (inbox) => inbox.put("/v1/notifications/{message_id}/archived", item.id, isArchived));
}

/** It cannot be taken back and serves as evidence: it is shown once the server has it. */
export function acknowledge({ id, acknowledgement }: Notification): Mutation {
  const content = { content_hash: acknowledgement?.content_hash };
  return {
    id,
    predict: (state) => state,
    confirm: (inbox) => change(inbox.put("/v1/notifications/{message_id}/acknowledged", id, true, content)),
  };
}

/** Everything up to `through`, the newest that was shown. */
export function markThrough(through: Notification, what: "seen_at" | "read_at"): Mutation {
  const at = now();
  const path = what === "read_at" ? "/v1/notifications/read-all" : "/v1/notifications/seen";
  return {
    predict: (state) =>
      states.withCounts(states.withThrough(state, through, what, at), states.countsAfter(state, through, what)),
    confirm: async (inbox) => ({
      kind: "through",
      through,
      what,
      at,
      counts: await inbox.postThrough(path, through.id),
    }),
  };
}

function alter(after: Notification, call: (inbox: Inbox) => Promise<Changed>): Mutation {
  return {
    id: after.id,
    predict: (state) =>
      states.withCounts(states.withItem(state, after), states.recount(state.counts, state.items.get(after.id), after)),
    confirm: (inbox) => change(call(inbox)),
  };
}

async function change(call: Promise<Changed>): Promise<BellEvent> {
  const answer = await call;
  return { kind: "changed", notification: answer.notification, counts: states.countsOf(answer) };
}

/** As the server writes times. Only to show: its own time replaces this one. */
function now(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
