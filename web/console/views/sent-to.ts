/** The organisations and clinics that a message was sent to, as far as the viewer administers them. Templates only. */
import { html, nothing } from "lit";
import type { Message } from "../../api";
import type { Directory } from "../logic/directory";
import { audienceNames, people } from "../logic/wording";
import { translate } from "../strings";

const SHOWN_NAMES = 12;

export function sentTo(message: Message, directory: Directory, showsAll: boolean, showAll: () => void) {
  const { audience, recipient_count } = message;
  const names = audience.everyone ? [translate("everyone")] : audienceNames(audience, directory);
  const shown = showsAll ? names : names.slice(0, SHOWN_NAMES);
  const hidden = audience.other_scopes ?? 0;
  return html`<section class="card pad" aria-labelledby="audience">
    <h2 id="audience">${translate("message_audience")}</h2>
    <ul class="names">
      ${shown.map((name) => html`<li dir="auto">${name}</li>`)}
    </ul>
    ${
      shown.length < names.length
        ? html`<button class="button quiet" type="button" @click=${showAll}>
          ${translate("message_all_names", { count: names.length })}
        </button>`
        : nothing
    }
    ${hidden > 0 ? html`<p class="muted small">${translate("message_hidden_scopes", { count: hidden })}</p>` : nothing}
    ${message.only === null ? nothing : html`<p>${translate(`follow_up_only_${message.only}`)}</p>`}
    ${recipient_count === null ? nothing : html`<p class="muted small">${people(recipient_count)}</p>`}
  </section>`;
}
