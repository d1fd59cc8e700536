/**
 * `<message-console>`: where administrators write messages and follow what was sent. Knows who is signed in and which page is shown;
 * everything else is in the views.
 *
 * A host page may bring the user along: `token`, or `getToken` (asked again when a token is refused). Without either the console asks
 * somebody to sign in.
 */
import { html, LitElement, nothing } from "lit";
import { type Message, Problem } from "../api";
import { type Person, readPeople } from "../demo/people";
import { Arrival } from "./arrival";
import { type Config, readConfig } from "./config";
import { Hub } from "./hub";
import { Directory } from "./logic/directory";
import { DraftStore } from "./logic/drafts";
import { sentence } from "./logic/problems";
import { type Filter, messagePath, parse, type Route } from "./logic/routes";
import {
  type Identity,
  isKnownReader,
  keepReader,
  keepToken,
  loadToken,
  openStorage,
  readIdentity,
} from "./logic/session";
import { consoleStyles } from "./styles/console";
import { controls } from "./styles/controls";
import "./views/frame";
import { renderPage } from "./views/page";
import "./views/sign-in";
import type { SignIn } from "./views/sign-in";
import { failed } from "./views/states";

/** Who is signed in, and all that follows from it. */
export interface Visit {
  readonly hub: Hub;
  readonly identity: Identity;
  readonly name: string;
  /** Null for somebody who administers nothing. */
  readonly directory: Directory | null;
  readonly drafts: DraftStore;
}

type State =
  | { is: "starting" }
  | { is: "signed-out"; reason: string }
  | { is: "failed"; error: unknown }
  | { is: "ready"; visit: Visit };

type AskForToken = (refused?: string) => string | undefined | Promise<string | undefined>;

const ENDED = "Your session has ended. Sign in again; what you were writing is kept.";

export class MessageConsole extends LitElement {
  static override styles = [controls, consoleStyles];
  static override properties = {
    token: {},
    getToken: { attribute: false },
    composeUrl: { attribute: "compose-url" },
    inboxUrl: { attribute: "inbox-url" },
    streamUrl: { attribute: "stream-url" },
    noBell: { type: Boolean, attribute: "no-bell" },
    name: {},
    _state: { state: true },
    _route: { state: true },
    _people: { state: true },
  };

  declare token: string | null;
  declare getToken: AskForToken | null;
  /** Where the APIs are; by default beside the page, and where that says. */
  declare composeUrl: string | null;
  declare inboxUrl: string | null;
  /** Where the bell's live stream is; with `inbox-url` given, by default there. */
  declare streamUrl: string | null;
  /** For a page that has a bell of its own. */
  declare noBell: boolean;
  /** The user's name, where the host page knows it. */
  declare name: string;
  declare _state: State;
  declare _route: Route;
  declare _people: readonly Person[];
  /** What was sent from here a moment ago: its page need not wait for it. */
  fresh: Message | null = null;
  /** Of the list of sent messages, also while one of them is open. */
  filter: Filter = null;
  readonly #storage = openStorage("sessionStorage");
  readonly #arrival = new Arrival(this);
  #attempt = 0;

  constructor() {
    super();
    this.token = null;
    this.getToken = null;
    this.composeUrl = null;
    this.inboxUrl = null;
    this.streamUrl = null;
    this.noBell = false;
    this.name = "";
    this._state = { is: "starting" };
    this._route = this.#readRoute();
    this._people = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#onHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#onHash);
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const isOther = changed.has("token") || changed.has("getToken");
    if (!this.hasUpdated || (isOther && !this.#isSamePerson())) void this.start();
  }

  get visit(): Visit | null {
    return this._state.is === "ready" ? this._state.visit : null;
  }

  /** Whether the host page has only renewed the token of the person who is signed in: the next call takes the new one. */
  #isSamePerson(): boolean {
    const before = this.visit?.identity;
    const now = readIdentity(this.token ?? "");
    return before !== undefined && before.platform === now?.platform && before.user === now.user;
  }

  get #isHosted(): boolean {
    return this.token !== null || this.getToken !== null;
  }

  override render() {
    switch (this._state.is) {
      case "starting":
        return html`<p class="wait muted" role="status">Loading…</p>`;
      case "signed-out":
        return html`<hub-sign-in
          .people=${this._people}
          .reason=${this._state.reason}
          @sign-in=${(event: CustomEvent<SignIn>) => void this.#signIn(event.detail)}
        ></hub-sign-in>`;
      case "failed":
        return html`<main class="alone">
          <h1 class="unseen-text">Message Hub</h1>
          ${failed("Message Hub could not be opened", this._state.error, () => void this.start())}
          ${this.#isHosted ? nothing : html`<button class="button" type="button" @click=${() => this.#signOut("")}>Sign out</button>`}
        </main>`;
      case "ready":
        return this.#frame(this._state.visit);
    }
  }

  #frame(visit: Visit) {
    return html`<hub-frame
      .hub=${visit.hub}
      .level=${visit.directory?.level ?? null}
      .name=${visit.name}
      .page=${this._route.page}
      .canSignOut=${!this.#isHosted}
      .hasBell=${!this.noBell}
      @sign-out=${() => this.#signOut("", visit)}
    >
      ${renderPage(this, visit, this._route)}
    </hub-frame>`;
  }

  /** Reads who may do what, from the beginning. */
  async start(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const isCurrent = () => attempt === this.#attempt;
    this._state = { is: "starting" };
    this._route = this.#readRoute();
    this.fresh = null;
    try {
      const state = await this.#enter(isCurrent);
      if (isCurrent()) this._state = state;
    } catch (error) {
      if (isCurrent()) this._state = { is: "failed", error };
    }
    if (isCurrent()) this.#tell();
  }

  async #enter(isCurrent: () => boolean): Promise<State> {
    const reading = this.composeUrl !== null && this.inboxUrl !== null ? null : this.#readConfig();
    // It may fail before it is awaited below.
    reading?.catch(() => undefined);
    const composeUrl = this.composeUrl ?? new URL("..", document.baseURI).href;
    const token = this.token ?? (await this.getToken?.()) ?? loadToken(this.#storage);
    const identity = readIdentity(token ?? "");
    if (!token || !identity) {
      await reading;
      return { is: "signed-out", reason: this.#isHosted ? "The page brought no access token." : "" };
    }
    const getToken = (refused?: string) => (isCurrent() ? this.#giveToken(refused) : undefined);
    const asking = this.#getDirectory(new Hub(composeUrl, "", "", getToken), token);
    asking.catch(() => undefined);
    const config = await reading;
    const inboxUrl = this.inboxUrl ?? config?.inbox_url ?? "";
    const streamUrl = this.streamUrl ?? config?.stream_url ?? inboxUrl;
    const hub = new Hub(composeUrl, inboxUrl, streamUrl, getToken);
    const user = `${identity.platform}/${identity.user}`;
    const drafts = new DraftStore(openStorage("localStorage"), this.#storage, user);
    const name = this.name || this.#nameOf(identity) || identity.user;
    try {
      return { is: "ready", visit: { hub, identity, name, drafts, directory: await asking } };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 401 || error.code === "user-inactive") {
        keepToken(this.#storage, null);
        return { is: "signed-out", reason: sentence(error) };
      }
      throw error;
    }
  }

  async #readConfig(): Promise<Config> {
    const config = await readConfig();
    if (config.demo && !this.#isHosted) this._people = await readPeople().catch(() => []);
    return config;
  }

  /** Null for somebody who administers nothing; asked once for each token, since browsers log every 403. */
  async #getDirectory(hub: Hub, token: string): Promise<Directory | null> {
    if (isKnownReader(this.#storage, token)) return null;
    try {
      return new Directory(await hub.getAudiences());
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "administrator-required") throw error;
      keepReader(this.#storage, token);
      return null;
    }
  }

  /** Tokens carry no names; those of the demo people are known. */
  #nameOf({ platform, user }: Identity): string | undefined {
    return this._people.find(({ id, token }) => id === user && readIdentity(token)?.platform === platform)?.name;
  }

  #giveToken(refused?: string): string | undefined | Promise<string | undefined> {
    if (this.getToken) return this.getToken(refused);
    if (this.token !== null) return this.token;
    if (refused !== undefined && this.visit) this.#signOut(ENDED);
    return loadToken(this.#storage) ?? undefined;
  }

  /** Reads the directory anew; what is shown stays until it is there, and when it cannot be read. */
  async reloadDirectory(): Promise<void> {
    const visit = this.visit;
    if (!visit?.directory) return;
    const audiences = await visit.hub.getAudiences().catch(() => null);
    if (audiences && this.visit === visit)
      this._state = { is: "ready", visit: { ...visit, directory: new Directory(audiences) } };
  }

  /** What became of a message, in the list of sent ones. */
  showInList(message: Message): void {
    this.renderRoot
      .querySelector<HTMLElement & { showChange(message: Message): void }>("hub-sent-page")
      ?.showChange(message);
  }

  /** Opens the page of a message that was sent just now. */
  openFresh(message: Message): void {
    this.fresh = message;
    location.hash = messagePath(message.id);
  }

  /** The preset has done its work: a reload must not do it again. */
  forgetPreset(): void {
    history.replaceState(history.state, "", "#/compose");
  }

  async #signIn({ token }: SignIn): Promise<void> {
    keepToken(this.#storage, token);
    await this.start();
    await this.#arrival.focusHeading();
  }

  /** By choice the draft goes too; a session that merely ended keeps it. */
  #signOut(reason: string, visit?: Visit): void {
    visit?.drafts.clear();
    keepToken(this.#storage, null);
    this.#attempt += 1;
    this.fresh = null;
    this._state = { is: "signed-out", reason };
    if (visit) history.replaceState(history.state, "", "#/");
    this._route = this.#readRoute();
    this.#tell();
    void this.#arrival.focusHeading();
  }

  #readRoute(): Route {
    const route = parse(location.hash);
    if (route.page === "messages") this.filter = route.filter;
    return route;
  }

  readonly #onHash = () => {
    const before = this._route;
    this._route = this.#readRoute();
    if (this._route.page !== "message") this.fresh = null;
    if (this._route.page === "compose") void this.reloadDirectory();
    if (!this.visit) return;
    this.#arrival.leave(before, this._route);
    void this.#arrival.arrive(before, this._route);
    this.#tell();
  };

  /** What the page's title should say. */
  #tell(): void {
    const { is } = this._state;
    const detail = is === "ready" ? this._route.page : is;
    this.dispatchEvent(new CustomEvent("message-console-page", { detail, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "message-console": MessageConsole;
  }
}
