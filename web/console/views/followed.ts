/** `<hub-followed>`: of a follow-up, which message it follows; that one's title is asked for where it is not known. */
import { css, html, LitElement, nothing } from "lit";
import type { Message } from "../../api";
import type { Hub } from "../hub";
import { messagePath } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { withNames } from "./rich";

export class Followed extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: block;
        color: var(--_hub-muted);
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    hub: { attribute: false },
    message: { attribute: false },
    isLink: { type: Boolean, attribute: "is-link" },
    _title: { state: true },
  };

  declare hub: Hub;
  declare message: Message;
  /** Whether it leads to that message. */
  declare isLink: boolean;
  /** Null: that message is not for this viewer to see; undefined until that is known. */
  declare _title: string | null | undefined;

  constructor() {
    super();
    this.isLink = false;
    this._title = undefined;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get("message") as Message | undefined;
    if (changed.has("message") && before?.follows !== this.message.follows) void this.#load(this.message.follows);
  }

  async #load(id: string | null): Promise<void> {
    this._title = undefined;
    const title = id === null ? null : await this.hub.getTitle(id).catch(() => null);
    if (id === this.message.follows) this._title = title;
  }

  override render() {
    const { follows } = this.message;
    if (follows === null || this._title === undefined) return nothing;
    const name = this._title ?? "";
    const title = this.isLink ? html`<a href=${messagePath(follows)}>${name}</a>` : name;
    const { sender, audience } = this.message;
    return html`<p>
        ${this._title === null ? translate("follow_up_to_unknown") : withNames("follow_up_to", { title })}
      </p>
      ${this.isLink && audience.out_of_reach ? html`<p>${withNames("follow_up_part", { name: sender.name })}</p>` : nothing}`;
  }
}

customElements.define("hub-followed", Followed);
