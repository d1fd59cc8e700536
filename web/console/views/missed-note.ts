/** `<hub-missed-note>`: above the sent messages, those that should have been sent at a time and were not. Nothing where there are none. */
import { css, html, LitElement, nothing } from "lit";
import type { KeptDraft } from "../../api";
import type { Drafts } from "../logic/drafts";
import { draftPath } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { about } from "./drafts-page";
import { icon } from "./icons";
import { Poller } from "./poller";

const REFRESH_MS = 60_000;

export class MissedNote extends LitElement {
  static override styles = [
    controls,
    css`
      .note {
        margin-block-end: 1.25rem;
      }
    `,
  ];
  static override properties = { drafts: { attribute: false }, active: { attribute: false }, _missed: { state: true } };

  declare drafts: Drafts;
  /** Whether it is shown. */
  declare active: boolean;
  declare _missed: readonly KeptDraft[];
  readonly #poller = new Poller(this, async () => {
    this._missed = (await this.drafts.calls.list(["missed", "failed"])).drafts;
    return REFRESH_MS;
  });

  constructor() {
    super();
    this.active = true;
    this._missed = [];
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("drafts") && !changed.has("active")) return;
    if (this.active) this.#poller.start();
    else this.#poller.stop();
  }

  override render() {
    const [first, ...others] = this._missed;
    if (!first) return nothing;
    const title = first.title ?? translate("draft_no_title");
    return html`<div class="note bad" role="alert">
      ${icon("alert")}
      <div>
        <p><strong dir="auto">${title}</strong></p>
        <p>${about(first)}</p>
        <p>
          ${
            others.length === 0
              ? html`<a href=${draftPath(first.id)}>${translate("draft_missed_open")}</a>`
              : html`<a href="#/drafts">${translate("draft_missed_all", { count: others.length + 1 })}</a>`
          }
        </p>
      </div>
    </div>`;
  }
}

customElements.define("hub-missed-note", MissedNote);
