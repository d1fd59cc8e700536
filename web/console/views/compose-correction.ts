/** What the compose page says about a draft that replaces an earlier message. Templates only. */
import { html, nothing } from "lit";
import type { Hub } from "../hub";
import type { Draft } from "../logic/draft";
import { translate } from "../strings";
import { icon } from "./icons";
import "./message-reference";

export function correctionNote({ supersedes }: Draft, hub: Hub) {
  if (supersedes === null) return nothing;
  return html`<div class="note">
    ${icon("info")}
    <div>
      <hub-message-reference
        is-link
        .hub=${hub}
        .messageId=${supersedes}
        .sentence=${"correction_of_draft"}
      ></hub-message-reference>
      <p>${translate("correction_effect")}</p>
    </div>
  </div>`;
}
