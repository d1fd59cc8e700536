/** `<hub-unread-people>`: whom a follow-up goes to: those who have not read, or not acknowledged, the earlier message, and how many they are. */
import { css, html, LitElement, nothing } from "lit";
import type { Message } from "../../api";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import type { Following } from "../logic/follow-ups";
import { isKnown } from "../logic/selection";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import type { Reach } from "./reach";
import { withNames } from "./rich";

export class UnreadPeople extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        gap: 0.25rem;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    hub: { attribute: false },
    directory: { attribute: false },
    messageId: {},
    only: {},
    reach: { attribute: false },
    isBrief: { type: Boolean, attribute: "is-brief" },
    _message: { state: true },
  };

  declare hub: Hub;
  declare directory: Directory;
  /** The id of the earlier message. */
  declare messageId: string;
  declare only: Following["only"];
  declare reach: Reach;
  /** Without what is explained below. */
  declare isBrief: boolean;
  /** Null until it is known. */
  declare _message: Message | null;

  constructor() {
    super();
    this.only = "unread";
    this.isBrief = false;
    this._message = null;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("messageId")) void this.#load(this.messageId);
  }

  async #load(id: string): Promise<void> {
    this._message = null;
    const message = await this.hub.getMessage(id).catch(() => null);
    if (id === this.messageId) this._message = message;
  }

  override render() {
    const message = this._message;
    if (this.isBrief) return html`<p>${this.#people()}</p>`;
    const isPart = message !== null && !isKnown(message.audience, this.directory.audiences);
    return html`<p>${this.#people()}</p>
      ${isPart ? html`<p>${translate("follow_up_within_reach")}</p>` : nothing}
      <p class="muted small">${translate("follow_up_counted_again")}</p>`;
  }

  #people() {
    const { title } = this._message ?? {};
    const people = this.only === "unread" ? "follow_up_recipients" : "follow_up_unacknowledged";
    if (title === undefined) return translate(`${people}_unknown`);
    if (!("count" in this.reach) || this.reach.count === null) return withNames(`${people}_uncounted`, { title });
    return withNames(people, { title }, { count: this.reach.count });
  }
}

customElements.define("hub-unread-people", UnreadPeople);
