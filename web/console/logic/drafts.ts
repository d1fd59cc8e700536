/**
 * Keeps one user's drafts in the browser until they are sent or discarded, and gives each tab a draft of its own. A tab holds a Web
 * Lock for the draft that it has open. Where locks are denied, two tabs may open the same draft: then each takes over what the other
 * changes. Where the storage is denied or full, a draft lives in memory only.
 */
import { type Draft, isEmpty, newDraft } from "./draft";
import { readOptions } from "./options";

/** What became of the open draft in another tab; null: it was sent or discarded there. */
export type OnOtherTab = (draft: Draft | null) => void;

const OPEN_IN_TAB = "message-hub:open-draft";
const ID = /^[0-9a-f]{32}$/;

export class DraftStore {
  readonly #storage: Storage | null;
  readonly #tab: Storage | null;
  readonly #prefix: string;
  #id = "";
  #release: () => void = () => undefined;
  /** Until the lock of the open draft is released. */
  #held: Promise<unknown> = Promise.resolve();
  #onOtherTab: OnOtherTab = () => undefined;

  /** `storage` is shared by all tabs, `tab` is of this one alone. */
  constructor(storage: Storage | null, tab: Storage | null, user: string) {
    this.#storage = storage;
    this.#tab = tab;
    this.#prefix = `message-hub:draft:${user}:`;
  }

  /** The draft that this tab had before a reload, else the newest that no other tab has open, else a new one. */
  async open(onOtherTab: OnOtherTab): Promise<Draft> {
    this.close();
    this.#onOtherTab = onOtherTab;
    window.addEventListener("storage", this.#onStorage);
    const own = attempt(() => this.#tab?.getItem(OPEN_IN_TAB));
    const kept = this.#list();
    for (const draft of [...kept.filter(({ id }) => id === own), ...kept])
      if (await this.#claim(draft.id)) return draft;
    return this.begin();
  }

  /** A new draft in the place of the open one. */
  begin(): Draft {
    const draft = newDraft();
    void this.#claim(draft.id);
    return draft;
  }

  /** Leaves the open draft to other tabs. */
  close(): void {
    window.removeEventListener("storage", this.#onStorage);
    this.#release();
  }

  /** Whether it is kept now. */
  save(draft: Draft): boolean {
    if (isEmpty(draft)) {
      this.remove(draft);
      return true;
    }
    const isKept = attempt(() => {
      this.#storage?.setItem(this.#prefix + draft.id, write(draft));
      return this.#storage !== null;
    });
    return isKept ?? false;
  }

  remove({ id }: Draft): void {
    attempt(() => this.#storage?.removeItem(this.#prefix + id));
  }

  /** Forgets all drafts of this user. */
  clear(): void {
    for (const draft of this.#list()) this.remove(draft);
    attempt(() => this.#tab?.removeItem(OPEN_IN_TAB));
  }

  /** Newest first. */
  #list(): Draft[] {
    const names = attempt(() => Object.keys(this.#storage ?? {})) ?? [];
    const ids = names.filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length));
    const drafts = ids.filter((id) => ID.test(id)).map((id) => read(id, this.#get(id)));
    return drafts.filter((one) => one !== null).sort((one, other) => other.changed - one.changed);
  }

  #get(id: string): string | null {
    return attempt(() => this.#storage?.getItem(this.#prefix + id)) ?? null;
  }

  /** False where another tab has it open. */
  async #claim(id: string): Promise<boolean> {
    this.#release();
    await this.#held;
    return new Promise((resolve) => {
      const take = () => {
        this.#id = id;
        attempt(() => this.#tab?.setItem(OPEN_IN_TAB, id));
        resolve(true);
      };
      const hold = (lock: unknown) => {
        if (!lock) return resolve(false);
        take();
        return new Promise<void>((release) => {
          this.#release = release;
        });
      };
      const request = attempt(() => navigator.locks.request(this.#prefix + id, { ifAvailable: true }, hold));
      if (request) this.#held = request.catch(take);
      else take();
    });
  }

  readonly #onStorage = ({ key, newValue }: StorageEvent): void => {
    if (key === this.#prefix + this.#id) this.#onOtherTab(read(this.#id, newValue));
  };
}

/** Undefined where the browser does not allow it. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function write({ id: _named, selection, ...text }: Draft): string {
  const { everyone, organisations, clinics } = selection;
  const chosen = { everyone, organisations: [...organisations], clinics: [...clinics] };
  return JSON.stringify({ ...text, ...chosen, changed: Date.now() });
}

/** A draft from the storage, where it may have been changed by hand; null if it is not a draft. */
function read(id: string, text: string | null): (Draft & { changed: number }) | null {
  const kept = attempt(() => JSON.parse(text ?? "null") as Record<string, unknown> | null);
  const { key, title, body, options, unanswered, changed, everyone, organisations, clinics } = kept ?? {};
  if (typeof key !== "string" || typeof title !== "string" || typeof body !== "string") return null;
  const selection = { everyone: everyone === true, organisations: ids(organisations), clinics: ids(clinics) };
  return {
    ...{ id, key, title, body, selection },
    options: readOptions(options),
    unanswered: typeof unanswered === "string" ? unanswered : null,
    changed: Number(changed) || 0,
  };
}

function ids(value: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(value) ? value.filter((id) => typeof id === "string") : []);
}
