/**
 * What the bell knows, and how it changes. Pure: every function takes a state and gives the next one, so that what the server
 * said and what the user has just done can be laid over each other in any order (see store.ts).
 */
import type { Counts, Feed, Notification } from "../api";

export const VIEWS = ["all", "unread", "archived"] as const;
export type View = (typeof VIEWS)[number];

/** What is of one category in a view. */
type Filtered = `${View}:${string}`;
export type ListKey = View | Filtered;

/** How the bell learns of news; `signed-out` means that no token is accepted. */
export type Connection = "starting" | "live" | "polling" | "offline" | "signed-out";

/** `idle`: never asked for. `failed` may still have what was loaded before. */
export type Phase = "idle" | "loading" | "ready" | "failed";

export interface List {
  /** Newest first. */
  readonly ids: readonly string[];
  readonly cursor: string | null;
  readonly phase: Phase;
  readonly older: Phase;
}

export interface State {
  readonly items: ReadonlyMap<string, Notification>;
  readonly lists: Readonly<Record<View, List> & Partial<Record<Filtered, List>>>;
  /** Of which `pinned` and `asking` pick: those that the server named, and what has come or changed since. */
  readonly prominent: readonly string[];
  /** Undefined until the server has said it. */
  readonly counts: Counts | undefined;
  readonly connection: Connection;
}

const MOST_PINNED = 3;
const NOTHING: List = { ids: [], cursor: null, phase: "idle", older: "idle" };

export const EMPTY: State = {
  items: new Map(),
  lists: { all: NOTHING, unread: NOTHING, archived: NOTHING },
  prominent: [],
  counts: undefined,
  connection: "starting",
};

export function listOf(state: State, key: ListKey): List {
  return state.lists[key] ?? NOTHING;
}

export function listed(state: State, key: ListKey): Notification[] {
  return itemsOf(state, listOf(state, key).ids);
}

/** The newest that are pinned now. */
export function pinned(state: State, now: number): Notification[] {
  return itemsOf(state, state.prominent)
    .filter((item) => !item.archived_at && isAfter(item.pinned_until, now))
    .sort(compare)
    .slice(0, MOST_PINNED);
}

/** Whether its user is still to acknowledge it. */
export function asks({ acknowledgement, expired }: Notification): boolean {
  return acknowledgement !== null && !acknowledgement.acknowledged_at && !expired;
}

/** Those still to be acknowledged, the earliest due first; and those of `kept` that are so no longer, until they are archived. */
export function asking(state: State, kept: readonly string[]): Notification[] {
  const due = ({ acknowledgement }: Notification) => Date.parse(acknowledgement?.due_at ?? "") || Infinity;
  return itemsOf(state, [...new Set([...kept, ...state.prominent])])
    .filter((item) => (asks(item) ? state.prominent : item.archived_at ? [] : kept).includes(item.id))
    .sort((one, other) => due(one) - due(other) || compare(one, other));
}

/** Whether there may be more on top than the server named: after one of three pins, or after the last to be acknowledged. */
export function hasRoomOnTop(before: State, after: State, now: number): boolean {
  const isPinFree = pinned(before, now).length === MOST_PINNED && pinned(after, now).length < MOST_PINNED;
  const isDone = asking(before, []).length > 0 && asking(after, []).length === 0;
  return isPinFree || (isDone && Boolean(after.counts?.to_acknowledge_count));
}

export function isExpired({ expires_at }: Notification, now: number): boolean {
  return expires_at !== null && !isAfter(expires_at, now);
}

/** When the next message expires or the next pin ends; Infinity for never. */
export function nextTime(state: State, now: number): number {
  const times = [...state.items.values()].flatMap((item) => [item.expires_at, item.pinned_until]);
  return Math.min(...times.filter((time) => isAfter(time, now)).map((time) => Date.parse(time as string)));
}

/** Without those that have arrived above `top`, so that nothing is pushed down that is being read. */
export function shown(state: State, key: ListKey, top: Notification | undefined): Notification[] {
  return listed(state, key).filter((item) => !isNewer(item, top));
}

export function withList(state: State, key: ListKey, change: Partial<List>): State {
  return { ...state, lists: { ...state.lists, [key]: { ...listOf(state, key), ...change } } };
}

/**
 * A page as the server gave it: its first one (`isOlder` false) or the one that follows what is listed. What was listed below
 * a first page stays, because a page says nothing about it; unless the page is the last one: then there is nothing below.
 */
export function withPage(state: State, key: ListKey, page: Feed, isOlder: boolean): State {
  const items = new Map(state.items);
  const onTop = [...page.pinned, ...page.to_acknowledge];
  for (const item of [...page.data, ...onTop]) items.set(item.id, item);
  const prominent = isOlder ? state.prominent : onTop.map((item) => item.id);
  const { ids, cursor } = listOf(state, key);
  const given = page.data.map((item) => item.id);
  const last = page.data.at(-1);
  const below = ids.filter((id) => {
    const item = state.items.get(id);
    return item && last && page.has_more && compare(item, last) > 0;
  });
  const known = new Set(ids);
  const list: Partial<List> = isOlder
    ? { ids: [...ids, ...given.filter((id) => !known.has(id))], cursor: page.next_cursor }
    : { ids: [...given, ...below], cursor: below.length > 0 ? cursor : page.next_cursor };
  const next = withList({ ...state, items, prominent }, key, { ...list, phase: "ready", older: "ready" });
  return withCounts(next, countsOf(page));
}

/** The counts in an answer that has them among other things. */
export function countsOf({ unread_count, unseen_count, to_acknowledge_count }: Counts): Counts {
  return { unread_count, unseen_count, to_acknowledge_count };
}

export function withCounts(state: State, counts: Counts | undefined): State {
  return { ...state, counts };
}

/** A notification as it is now: in every list that it belongs to, and in none other. */
export function withItem(state: State, item: Notification): State {
  const items = new Map(state.items).set(item.id, item);
  let next: State = { ...state, items, prominent: [...new Set([...state.prominent, item.id])] };
  for (const key of keysOf(state)) {
    const { ids, phase, cursor } = listOf(state, key);
    const isIn = ids.includes(item.id);
    if (belongs(item, key, isIn) === isIn) continue;
    const others = ids.filter((id) => id !== item.id);
    const place = others.findIndex((id) => isNewer(item, items.get(id)));
    // Below all that is loaded it will come with the page it is on.
    const isBeyond = place < 0 && (phase !== "ready" || cursor !== null);
    if (isIn) next = withList(next, key, { ids: others });
    else if (!isBeyond)
      next = withList(next, key, { ids: others.toSpliced(place < 0 ? others.length : place, 0, item.id) });
  }
  return next;
}

/** Recalled, expired, or not this user's any more. */
export function without(state: State, id: string): State {
  const items = new Map(state.items);
  items.delete(id);
  let next: State = { ...state, items };
  for (const key of keysOf(state)) {
    next = withList(next, key, { ids: listOf(state, key).ids.filter((other) => other !== id) });
  }
  return next;
}

/** Everything loaded up to `through` is seen, or read, as of `at`; the counts are not touched. */
export function withThrough(state: State, through: Notification, what: "seen_at" | "read_at", at: string): State {
  const items = new Map(state.items);
  for (const item of items.values()) {
    if (isNewer(item, through)) continue;
    const seen = { ...item, seen_at: item.seen_at ?? at };
    items.set(item.id, what === "read_at" ? { ...seen, read_at: item.read_at ?? at } : seen);
  }
  return { ...state, items };
}

/** The counts once `before` has become `after`; either may be missing from the inbox. */
export function recount(counts: Counts | undefined, before?: Notification, after?: Notification): Counts | undefined {
  if (!counts) return undefined;
  const change = (count: number, isCounted: (item: Notification) => boolean) =>
    Math.max(
      0,
      count + Number(after !== undefined && isCounted(after)) - Number(before !== undefined && isCounted(before)),
    );
  return {
    unread_count: change(counts.unread_count, (item) => !item.read_at && !item.archived_at),
    unseen_count: change(counts.unseen_count, (item) => !item.seen_at && !item.archived_at),
    to_acknowledge_count: change(counts.to_acknowledge_count, asks),
  };
}

/** The counts once everything up to `through` is seen or read. What is newer has come since it was shown, so it is loaded. */
export function countsAfter(state: State, through: Notification, what: "seen_at" | "read_at"): Counts | undefined {
  if (!state.counts) return undefined;
  const newer = [...state.items.values()].filter((item) => isNewer(item, through) && !item.archived_at);
  const unseen_count = newer.filter((item) => !item.seen_at).length;
  const unread_count = what === "seen_at" ? state.counts.unread_count : newer.filter((item) => !item.read_at).length;
  return { ...state.counts, unread_count, unseen_count };
}

/** Something read stays in the list of unread ones until that is loaded again: nothing vanishes from under its reader. */
function belongs(item: Notification, key: ListKey, isIn: boolean): boolean {
  const [, view, category] = /^(\w+):?(.*)$/s.exec(key) ?? [];
  if (item.expired || (category && category !== item.category)) return false;
  if (view === "archived") return item.archived_at !== null;
  return item.archived_at === null && (view === "all" || isIn || item.read_at === null);
}

function itemsOf(state: State, ids: readonly string[]): Notification[] {
  return ids.map((id) => state.items.get(id)).filter((item) => item !== undefined);
}

function keysOf(state: State): ListKey[] {
  return Object.keys(state.lists) as ListKey[];
}

function isAfter(time: string | null, now: number): boolean {
  return time !== null && Date.parse(time) > now;
}

export function isNewer(item: Notification, than: Notification | undefined): boolean {
  return than !== undefined && compare(item, than) < 0;
}

/** Newest first, as the server sorts. Its times are all of the same length, so they sort as text. */
function compare(one: Notification, other: Notification): number {
  if (one.sent_at !== other.sent_at) return one.sent_at > other.sent_at ? -1 : 1;
  return one.id === other.id ? 0 : one.id > other.id ? -1 : 1;
}
