/** `<hub-received-page>`: the messages that this person received, as the bell lists them. It shares what it knows with the bell. */
import { html, LitElement } from "lit";
import { Feed } from "../../bell/feed";
import { feedStyles } from "../../bell/styles";
import { theme } from "../../common/theme";
import type { Hub } from "../hub";
import { LOCALE, translate } from "../strings";
import { receivedStyles } from "../styles/received";

export class ReceivedPage extends LitElement {
  static override styles = [theme, feedStyles, receivedStyles];
  static override properties = { hub: { attribute: false } };

  declare hub: Hub;
  readonly #feed = new Feed(this);

  constructor() {
    super();
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
    if (!changed.has("hub")) return;
    const { inboxUrl, streamUrl, getToken } = this.hub;
    this.#feed.use({ src: inboxUrl || location.origin, streamUrl: streamUrl || location.origin, getToken });
  }

  override render() {
    return html`${this.#feed.renderSpoken()}
      <section id="panel" aria-labelledby="heading" tabindex="-1" @keydown=${this.#feed.onKeyDown}>
        ${this.#feed.render()}
      </section>`;
  }
}

customElements.define("hub-received-page", ReceivedPage);
