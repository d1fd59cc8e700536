/**
 * `<message-console>`: where administrators write messages and follow what was sent. Holds who is signed in and which page is shown;
 * everything else is in the views.
 *
 * A host page may sign its user in: with `token`, or with `getToken`, which is called again when a token is refused. Without either
 * people sign in here: at their organisation, or with an access token.
 */
import { html, LitElement, nothing } from "lit";
import type { Message } from "../api";
import type { Person } from "../demo/people";
import { Arrival } from "./arrival";
import type { SignIn } from "./config";
import { type Ending, HubSession } from "./hub-session";
import { Directory } from "./logic/directory";
import { ALL_MESSAGES, type Listing, messagePath, parse, type Route } from "./logic/routes";
import { keepToken, loadToken, openStorage, readIdentity } from "./logic/session";
import { type State, startUp, type Visit } from "./start";
import { LOCALE, translate } from "./strings";
import { consoleStyles } from "./styles/console";
import { controls } from "./styles/controls";
import { endingNote } from "./views/ending-note";
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
    directoryUrl: { attribute: "directory-url" },
    noBell: { type: Boolean, attribute: "no-bell" },
    _state: { state: true },
    _route: { state: true },
    _people: { state: true },
    _signIn: { state: true },
    _ending: { state: true },
  };

  declare token: string | null;
  declare getToken: AskForToken | null;
  /** Where the APIs are; by default beside the page, and as its settings say. */
  declare composeUrl: string | null;
  declare inboxUrl: string | null;
  /** Where the bell's live stream is; with `inbox-url` given, by default there. */
  declare streamUrl: string | null;
  /** Where the API of the page Provisioning is. */
  declare directoryUrl: string | null;
  /** For a page that has a bell of its own. */
  declare noBell: boolean;
  declare _state: State;
  declare _route: Route;
  declare _people: readonly Person[];
  declare _signIn: SignIn | null;
  /** Shortly before the session ends. */
  declare _ending: Ending | null;
  /** A message that was just sent from here: its page need not load it. */
  fresh: Message | null = null;
  /** Of the list of sent messages, also while one of them is open. */
  listing: Listing = ALL_MESSAGES;
  readonly #storage = openStorage("sessionStorage");
  readonly #arrival = new Arrival(this);
  #session: HubSession | null = null;
  #attempt = 0;

  constructor() {
    super();
    this.token = null;
    this.getToken = null;
    this.composeUrl = null;
    this.inboxUrl = null;
    this.streamUrl = null;
    this.directoryUrl = null;
    this.noBell = false;
    this._state = { is: "starting" };
    this._route = this.#readRoute();
    this._people = [];
    this._signIn = null;
    this._ending = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Its texts are English in a page of any language.
    this.lang = LOCALE;
    this.dir = "ltr";
    window.addEventListener("hashchange", this.#onHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#onHash);
    this.#session?.close();
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
          .signIn=${this._signIn}
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
              : html`<button class="button" type="button" @click=${() => void this.#leave()}>${translate("frame_sign_out")}</button>`
          }
        </main>`;
      case "ready":
        return this.#frame(this._state.visit);
    }
  }

  #frame(visit: Visit) {
    const stay = () => void this.#session?.stay();
    return html`${this._ending ? endingNote(this._ending, visit.identity.platform, stay) : nothing}<hub-frame
      .hub=${visit.hub}
      .viewer=${visit.viewer}
      .page=${this._route.page}
      .canSignOut=${!this.#isHosted}
      .hasBell=${!this.noBell}
      @sign-out=${() => void this.#leave(visit)}
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
      ...{ composeUrl: this.composeUrl, inboxUrl: this.inboxUrl, streamUrl: this.streamUrl },
      ...{ directoryUrl: this.directoryUrl, isHosted: this.#isHosted },
      findToken: async () => this.token ?? (await this.getToken?.()) ?? loadToken(this.#storage),
      openSession: (hubUrl) => this.#openSession(hubUrl),
      getToken: (refused) => (isCurrent() ? this.#giveToken(refused) : undefined),
      show: (state) => {
        if (isCurrent()) this._state = state;
      },
      showPeople: (people) => {
        this._people = people;
      },
      showSignIn: (signIn) => {
        this._signIn = signIn;
      },
    });
    if (isCurrent()) this.#announcePage();
  }

  async #openSession(hubUrl: string): Promise<string | undefined> {
    this.#session?.close();
    this.#session = await HubSession.open(hubUrl);
    this.#session?.watch(
      (ending) => {
        this._ending = ending;
      },
      () => this.#signOut(translate("sign_in_ended")),
    );
    return this.#session?.getToken();
  }

  #giveToken(refused?: string): string | undefined | Promise<string | undefined> {
    if (this.getToken) return this.getToken(refused);
    if (this.token !== null) return this.token;
    if (this.#session) return this.#session.getToken(refused);
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

  /** Goes back to the page on which writing began, in the place of the draft that there is no more. */
  leaveCompose(): void {
    location.replace(new URL(this.#arrival.origin, location.href));
  }

  async #signIn(token: string): Promise<void> {
    keepToken(this.#storage, token);
    await this.start();
    await this.#arrival.focusHeading();
  }

  /** Signs out by choice: here, then at the organisation, which leads back here. */
  async #leave(visit?: Visit): Promise<void> {
    const session = this.#session;
    await visit?.drafts.settle();
    this.#signOut("", visit);
    const url = await session?.signOut().catch(() => null);
    if (url) location.assign(url);
  }

  #signOut(reason: string, visit?: Visit): void {
    keepToken(this.#storage, null);
    this.#session?.close();
    this.#session = null;
    this._ending = null;
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

  readonly #onHash = ({ oldURL }: HashChangeEvent) => {
    const before = this._route;
    this._route = this.#readRoute();
    if (this._route.page !== "message") this.fresh = null;
    if (this._route.page === "compose") void this.reloadDirectory();
    if (!this.visit) return;
    this.#arrival.leave(before, this._route, oldURL);
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
