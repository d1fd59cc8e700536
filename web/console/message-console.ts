/**
 * `<message-console>`: where administrators write messages and follow what was sent. Holds who is signed in and which page is shown;
 * everything else is in the views.
 *
 * A host page may sign its user in: with `token`, or with `getToken`, which is called again when a token is refused. Without either
 * the console shows its sign-in page.
 */
import { html, LitElement, nothing } from "lit";
import type { Message } from "../api";
import type { Person } from "../demo/people";
import { Arrival } from "./arrival";
import { Directory } from "./logic/directory";
import { type Listing, messagePath, parse, type Route } from "./logic/routes";
import { keepToken, loadToken, openStorage, readIdentity } from "./logic/session";
import { type State, startUp, type Visit } from "./start";
import { translate } from "./strings";
import { consoleStyles } from "./styles/console";
import { controls } from "./styles/controls";
import "./views/frame";
import { renderPage } from "./views/page";
import "./views/sign-in";
import { failed } from "./views/states";

type AskForToken = (refused?: string) => string | undefined | Promise<string | undefined>;

export class MessageConsole extends LitElement {
  static override styles = [controls, consoleStyles];
  static override properties = {
    token: {},
    getToken: { attribute: false },
    composeUrl: { attribute: "compose-url" },
    inboxUrl: { attribute: "inbox-url" },
    streamUrl: { attribute: "stream-url" },
    noBell: { type: Boolean, attribute: "no-bell" },
    _state: { state: true },
    _route: { state: true },
    _people: { state: true },
  };

  declare token: string | null;
  declare getToken: AskForToken | null;
  /** Where the APIs are; by default beside the page, and as its settings say. */
  declare composeUrl: string | null;
  declare inboxUrl: string | null;
  /** Where the bell's live stream is; with `inbox-url` given, by default there. */
  declare streamUrl: string | null;
  /** For a page that has a bell of its own. */
  declare noBell: boolean;
  declare _state: State;
  declare _route: Route;
  declare _people: readonly Person[];
  /** A message that was just sent from here: its page need not load it. */
  fresh: Message | null = null;
  /** Of the list of sent messages, also while one of them is open. */
  listing: Listing = { filter: null, q: "" };
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
        return html`<p class="wait muted" role="status">${translate("frame_loading")}</p>`;
      case "signed-out":
        return html`<hub-sign-in
          .people=${this._people}
          .reason=${this._state.reason}
          @sign-in=${(event: CustomEvent<string>) => void this.#signIn(event.detail)}
        ></hub-sign-in>`;
      case "failed":
        return html`<main class="alone">
          <h1 class="unseen-text">${translate("frame_product")}</h1>
          ${failed(translate("frame_failed"), this._state.error, () => void this.start())}
          ${
            this.#isHosted
              ? nothing
              : html`<button class="button" type="button" @click=${() => this.#signOut("")}>${translate("frame_sign_out")}</button>`
          }
        </main>`;
      case "ready":
        return this.#frame(this._state.visit);
    }
  }

  #frame(visit: Visit) {
    return html`<hub-frame
      .hub=${visit.hub}
      .viewer=${visit.viewer}
      .page=${this._route.page}
      .canSignOut=${!this.#isHosted}
      .hasBell=${!this.noBell}
      @sign-out=${() => this.#signOut("", visit)}
    >
      ${renderPage(this, visit, this._route)}
    </hub-frame>`;
  }

  /** Reads who is signed in and what they can do, from the beginning. */
  async start(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const isCurrent = () => attempt === this.#attempt;
    this._state = { is: "starting" };
    this._route = this.#readRoute();
    this.fresh = null;
    await startUp({
      ...{ composeUrl: this.composeUrl, inboxUrl: this.inboxUrl, streamUrl: this.streamUrl, isHosted: this.#isHosted },
      findToken: async () => this.token ?? (await this.getToken?.()) ?? loadToken(this.#storage),
      getToken: (refused) => (isCurrent() ? this.#giveToken(refused) : undefined),
      show: (state) => {
        if (isCurrent()) this._state = state;
      },
      showPeople: (people) => {
        this._people = people;
      },
    });
    if (isCurrent()) this.#announcePage();
  }

  #giveToken(refused?: string): string | undefined | Promise<string | undefined> {
    if (this.getToken) return this.getToken(refused);
    if (this.token !== null) return this.token;
    if (refused !== undefined && this.visit) this.#signOut(translate("sign_in_ended"));
    return loadToken(this.#storage) ?? undefined;
  }

  /** Reads the directory again; the old one stays until the new one is there. */
  async reloadDirectory(): Promise<void> {
    const visit = this.visit;
    if (!visit?.directory) return;
    const audiences = await visit.hub.getAudiences().catch(() => null);
    if (audiences && this.visit === visit)
      this._state = { is: "ready", visit: { ...visit, directory: new Directory(audiences) } };
  }

  /** Shows a changed message in the list of sent ones. */
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

  /** The preset was applied: a reload must not apply it again. */
  forgetPreset(): void {
    history.replaceState(history.state, "", "#/compose");
  }

  async #signIn(token: string): Promise<void> {
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
    this.#announcePage();
    void this.#arrival.focusHeading();
  }

  #readRoute(): Route {
    const route = parse(location.hash);
    if (route.page === "messages") this.listing = route;
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
    this.#announcePage();
  };

  /** For the window's title. */
  #announcePage(): void {
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
