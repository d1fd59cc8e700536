/** Which messages are shown, in which of the lists of a panel. Pure. */
import type { Notification } from "../api";
import type { Lists } from "./list";
import type { ListKey, State, View } from "./state";
import * as states from "./state";

export interface Choice {
  readonly view: View;
  readonly category: string | null;
  /** The message that a link leads to; shown on top where it is in no list. */
  readonly linked: string | undefined;
  /** The newest message that was shown when one was opened; later arrivals wait until none is open. */
  readonly top: Notification | undefined;
  /** Those that were shown as still to be acknowledged: they stay where they are. */
  readonly asked: readonly string[];
}

export const START: Choice = { view: "all", category: null, linked: undefined, top: undefined, asked: [] };

export function keyOf({ view, category }: Choice): ListKey {
  return category ? `${view}:${category}` : view;
}

/** Those to be acknowledged and those pinned are only on top of all messages, and only there. */
export function listsOf(state: State, choice: Choice, now: number): Lists {
  const isOnTop = keyOf(choice) === "all";
  const isShown = (item: Notification) => isOnTop && !states.isNewer(item, choice.top);
  const asked = states.asking(state, choice.asked).filter(isShown);
  const pinned = states.pinned(state, now).filter((item) => isShown(item) && !asked.includes(item));
  const onTop = [...asked, ...pinned];
  const items = states.shown(state, keyOf(choice), choice.top).filter((item) => !onTop.includes(item));
  const linked = state.items.get(choice.linked ?? "");
  return { linked: linked && ![...onTop, ...items].includes(linked) ? [linked] : [], asked, pinned, items };
}
