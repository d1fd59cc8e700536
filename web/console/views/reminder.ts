/** `<hub-reminder>`: leads to a follow-up of a message, with the number of people who would get it; or says why there is none. */
import { css, html, LitElement, nothing } from "lit";
import type { Message, SentMessage } from "../../api";
import type { Hub } from "../hub";
import { following, reasonAgainst } from "../logic/follow-ups";
import { sentence } from "../logic/problems";
import { followUpPath } from "../logic/routes";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { icon } from "./icons";
import { type Reach, ReachCounter } from "./reach";

export class Reminder extends LitElement {
  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        gap: 0.25rem;
        margin-block-start: 0.5rem;
      }
    `,
  ];
  static override properties = { hub: { attribute: false }, message: { attribute: false } };

  declare hub: Hub;
  declare message: Message & Partial<SentMessage>;
  readonly #reach = new ReachCounter(this, (people, signal) => this.hub.countPeople(people, signal));

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("message")) return;
    const { id, read_count } = this.message;
    const before = changed.get("message") as Reminder["message"] | undefined;
    const people = reasonAgainst(this.message) === null ? following(id) : null;
    // The count is asked for again when more people have read it.
    if (before?.id === id && before.read_count !== read_count) this.#reach.retry(people);
    else this.#reach.ask(people);
  }

  override render() {
    const reach = this.#reach.value;
    const reason = reasonAgainst(this.message) ?? reasonOf(reach);
    const count = "count" in reach ? reach.count : null;
    const label = count ? translate("follow_up_remind", { count }) : translate("follow_up_remind_others");
    if (reason === null && count)
      return html`<a class="button" href=${followUpPath(this.message.id)}>${icon("send")}${label}</a>`;
    return html`<button class="button" type="button" aria-disabled="true" aria-describedby="reason">${icon("send")}${label}</button>
      <p class="muted small" id="reason">${reason ?? nothing}</p>`;
  }
}

/** Why those who were counted cannot be reminded. */
function reasonOf(reach: Reach): string | null {
  switch (reach.state) {
    case "counted":
      return reach.count === 0 ? translate("follow_up_none") : null;
    case "failed":
      return translate("follow_up_not_counted", { reason: sentence(reach.error) });
    default:
      return "count" in reach && reach.count ? null : translate("counting");
  }
}

customElements.define("hub-reminder", Reminder);
