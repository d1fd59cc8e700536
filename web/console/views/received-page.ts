/** `<hub-received-page>`: the messages that this person received, as the bell lists them. It shares what it knows with the bell. */
import { html, LitElement } from "lit";
import { Feed } from "../../bell/feed";
import { feedStyles } from "../../bell/styles";
import { theme } from "../../common/theme";
import type { Hub } from "../hub";
import { messagePath, type Received, receivedPath } from "../logic/routes";
import { LOCALE, translate } from "../strings";
import { inputs } from "../styles/controls";
import { receivedStyles } from "../styles/received";
import { categoryFilter } from "./category-filter";

export class ReceivedPage extends LitElement {
  static override styles = [theme, feedStyles, inputs, receivedStyles];
  static override properties = {
    hub: { attribute: false },
    categories: { attribute: false },
    isManager: { type: Boolean, attribute: "is-manager" },
    route: { attribute: false },
  };

  declare hub: Hub;
  /** Those of the platform. */
  declare categories: readonly string[];
  /** Whether this person administers something, and so follows up the acknowledgements of others. */
  declare isManager: boolean;
  declare route: Received;
  readonly #feed = new Feed(this);

  constructor() {
    super();
    this.categories = [];
    this.isManager = false;
    this.route = { category: null, id: null };
    this.#feed.namesCategories = true;
    this.#feed.speak(LOCALE, { messages: translate("received_messages") });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#feed.setActive(true);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#feed.setActive(false);
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("hub")) {
      const { inboxUrl, streamUrl, getToken } = this.hub;
      this.#feed.use({ src: inboxUrl || location.origin, streamUrl: streamUrl || location.origin, getToken });
    }
    const followUp = { text: translate("received_follow_up"), href: messagePath };
    this.#feed.followUp = this.isManager ? followUp : undefined;
    if (!changed.has("route")) return;
    const { category, id } = this.route;
    const before = changed.get("route") as Received | undefined;
    if (category !== (before?.category ?? null)) this.#feed.setCategory(category);
    if (id && id !== before?.id) this.#feed.link(id);
  }

  override render() {
    const filter = categoryFilter(this.route.category, this.categories, (category) => {
      location.hash = receivedPath(category);
    });
    return html`${this.#feed.renderSpoken()} ${filter}
      <section id="panel" aria-labelledby="heading" tabindex="-1" @keydown=${this.#feed.onKeyDown}>
        ${this.#feed.render()}
      </section>`;
  }
}

customElements.define("hub-received-page", ReceivedPage);
