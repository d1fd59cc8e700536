/** The draft that the compose page has open: how it begins, its name in the page's address, and what becomes of it elsewhere. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Message } from "../../api";
import type { Hub } from "../hub";
import { askedAgain } from "../logic/acknowledgement";
import type { Directory } from "../logic/directory";
import { type Draft, EMPTY, fingerprint } from "../logic/draft";
import type { Drafts } from "../logic/drafts";
import { followUpOf } from "../logic/follow-ups";
import type { OpenDraft } from "../logic/open-draft";
import { copied, keepKnownCategory } from "../logic/options";
import { sentence } from "../logic/problems";
import { type Beginning, composePath, draftPath } from "../logic/routes";
import { fromAudience, isSameChoice, keepKnown, selectOne, startingSelection, toAudience } from "../logic/selection";
import { translate } from "../strings";
import { Poller } from "./poller";

/** How often the page asks whether the draft was changed, sent or deleted elsewhere. */
const REFRESH_MS = 15_000;
/** How long after its time a scheduled message is expected to be sent. */
const RELEASE_MS = 1_500;

export interface ComposeHost extends ReactiveControllerHost {
  readonly hub: Hub;
  readonly directory: Directory;
  readonly drafts: Drafts;
  readonly categories: readonly string[];
  readonly beginning: Beginning;
}

export class ComposeDraft implements ReactiveController {
  opened: OpenDraft | null = null;
  /** Why the draft cannot be opened. */
  error: unknown = null;
  /** What the draft lacks of what it began with. */
  lack = "";
  readonly #host: ComposeHost;
  readonly #poller: Poller;

  constructor(host: ComposeHost) {
    this.#host = host;
    this.#poller = new Poller(host, () => this.refresh());
    host.addController(this);
  }

  hostDisconnected(): void {
    this.opened = null;
    void this.#host.drafts.close();
  }

  /** Opens the draft that the address names, unless it is open. */
  async open(): Promise<void> {
    const { drafts, beginning } = this.#host;
    if (this.opened && this.opened.name === beginning.draft) return;
    this.opened = this.error = null;
    this.lack = "";
    this.#host.requestUpdate();
    try {
      const contents = { beginning: await this.#begin(beginning), empty: this.#settled(EMPTY) };
      const opened = await drafts.open(beginning.draft, contents, (changed) => this.#onChange(changed));
      if (opened === null || beginning !== this.#host.beginning) return;
      this.opened = opened;
      this.settle();
      this.#poller.start(REFRESH_MS);
    } catch (error) {
      if (beginning === this.#host.beginning) this.error = error;
    }
    this.#host.requestUpdate();
  }

  /** Takes out what may not be chosen, or no longer. */
  settle(): void {
    const { opened } = this;
    if (!opened || opened.conflict) return;
    const settled = this.#settled(opened.draft);
    if (fingerprint(settled) === fingerprint(opened.draft)) return;
    const { audiences } = this.#host.directory;
    const { selection } = opened.draft;
    if (!isSameChoice(keepKnown(selection, audiences), selection)) this.lack = translate("draft_narrower");
    opened.change(settled);
  }

  async refresh(): Promise<number> {
    await this.opened?.refresh();
    const { state, kept } = this.opened ?? {};
    const releasedIn = state === "scheduled" ? Date.parse(kept?.send_at ?? "") - Date.now() : REFRESH_MS;
    return Math.min(REFRESH_MS, Math.max(RELEASE_MS, releasedIn + RELEASE_MS));
  }

  async #begin({ preset, copy, follow, correct }: Beginning): Promise<Draft> {
    const { audiences } = this.#host.directory;
    if (correct !== null)
      return this.#beginWith(correct, (message) => ({ ...this.#copy(message), supersedes: message.id }));
    if (copy !== null) return this.#beginWith(copy, (message) => this.#copy(message));
    if (follow !== null) return this.#beginWith(follow, (message) => ({ ...EMPTY, ...followUpOf(message) }));
    return this.#settled(preset ? { ...EMPTY, selection: keepKnown(selectOne(preset), audiences) } : EMPTY);
  }

  async #beginWith(id: string, begin: (message: Message) => Draft): Promise<Draft> {
    try {
      return begin(await this.#host.hub.getMessage(id));
    } catch (error) {
      this.lack = translate("message_copy_failed", { reason: sentence(error) });
      return this.#settled(EMPTY);
    }
  }

  #copy(message: Message): Draft {
    const { title, body, audience } = message;
    const content = { title, body, options: copied(message), acknowledgement: askedAgain(message, new Date()) };
    const draft = { ...EMPTY, ...content, selection: fromAudience(audience) };
    const settled = this.#settled(draft);
    const isWhole = !audience.other_scopes && isSameChoice(settled.selection, draft.selection);
    if (!isWhole) this.lack = translate("message_copy_narrower");
    return settled;
  }

  #settled(draft: Draft): Draft {
    const { directory, categories } = this.#host;
    if (draft.follows !== null) return { ...draft, options: keepKnownCategory(draft.options, categories) };
    const known = keepKnown(draft.selection, directory.audiences);
    const selection = toAudience(known) === null ? startingSelection(directory.audiences) : known;
    return { ...draft, selection, options: keepKnownCategory(draft.options, categories) };
  }

  #onChange(opened: OpenDraft): void {
    if (opened !== this.opened) return;
    const isBegun = opened.id !== null || opened.isDirty;
    const address = isBegun ? draftPath(opened.name) : composePath();
    if (location.hash !== address) history.replaceState(history.state, "", address);
    this.#host.requestUpdate();
  }
}
