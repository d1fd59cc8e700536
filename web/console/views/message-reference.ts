/** `<hub-message-reference>`: names another message in a sentence; that one's title is asked for where it is not known. */
import { css, html, LitElement, nothing } from "lit";
import type { Values } from "../../common/translate";
import type { Hub } from "../hub";
import { messagePath } from "../logic/routes";
import { type Strings, translate } from "../strings";
import { controls } from "../styles/controls";
import { withNames } from "./rich";

/** Of a catalogue: the sentence with a `{title}` and the one without. */
type Sentence = { [Key in keyof Strings]: `${Key}_unknown` extends keyof Strings ? Key : never }[keyof Strings];

export class MessageReference extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: block;
        overflow-wrap: anywhere;
      }
    `,
  ];
  static override properties = {
    hub: { attribute: false },
    messageId: {},
    sentence: {},
    values: { attribute: false },
    isLink: { type: Boolean, attribute: "is-link" },
    _title: { state: true },
  };

  declare hub: Hub;
  declare messageId: string;
  declare sentence: Sentence;
  /** What else stands in it. */
  declare values: Values;
  /** Whether it leads to that message. */
  declare isLink: boolean;
  /** Null: that message is not for this viewer to see; undefined until that is known. */
  declare _title: string | null | undefined;

  constructor() {
    super();
    this.isLink = false;
    this.values = {};
    this._title = undefined;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("messageId")) void this.#load(this.messageId);
  }

  async #load(id: string): Promise<void> {
    this._title = undefined;
    const title = await this.hub.getTitle(id).catch(() => null);
    if (id === this.messageId) this._title = title;
  }

  override render() {
    const name = this._title;
    if (name === undefined) return nothing;
    if (name === null) return html`<p>${translate(`${this.sentence}_unknown`, this.values)}</p>`;
    const title = this.isLink ? html`<a href=${messagePath(this.messageId)}>${name}</a>` : html`${name}`;
    return html`<p>${withNames(this.sentence, { title }, this.values)}</p>`;
  }
}

/** To be put beside a message. */
export function reference(hub: Hub, id: string | null, sentence: Sentence, isLink = false) {
  if (id === null) return nothing;
  return html`<hub-message-reference
    class="small muted"
    .hub=${hub}
    .messageId=${id}
    .sentence=${sentence}
    ?is-link=${isLink}
  ></hub-message-reference>`;
}

customElements.define("hub-message-reference", MessageReference);
