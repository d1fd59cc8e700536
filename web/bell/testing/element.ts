/** A bell in a page, for tests: puts it there, reads what it shows and presses its buttons. The clock is theirs. */
import { vi } from "vitest";
import type { MessageBell } from "..";
import { SRC, tokenOf } from "./hub";

export const pass = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);

export async function mount(change: Partial<MessageBell> = {}): Promise<MessageBell> {
  const bell = Object.assign(document.createElement("message-bell"), { src: SRC, token: tokenOf("ann"), ...change });
  document.body.append(bell);
  await pass();
  return bell;
}

export const all = (bell: MessageBell, selector: string) => [
  ...(bell.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? []),
];
export const text = (bell: MessageBell, selector: string) =>
  all(bell, selector).map((one) => one.textContent?.trim().replace(/\s+/g, " "));
export const label = (bell: MessageBell) => all(bell, "#bell")[0]?.getAttribute("aria-label");

export async function click(bell: MessageBell, words: string): Promise<void> {
  const named = all(bell, "button").map(
    (one) => [one.getAttribute("aria-label") ?? one.textContent?.trim(), one] as const,
  );
  const [, button] = named.find(([name]) => name === words) ?? named.find(([name]) => name?.includes(words)) ?? [];
  if (!button) throw new Error(`There is no button ${words}.`);
  button.click();
  await pass();
}

export async function open(bell: MessageBell): Promise<void> {
  bell.open = true;
  await pass();
}

export function heard(name: string): unknown[] {
  const details: unknown[] = [];
  document.body.addEventListener(`message-bell-${name}`, (event) => details.push((event as CustomEvent).detail), {
    signal: AbortSignal.timeout(60_000),
  });
  return details;
}
