/** Says shortly before a session ends that it does, and how to go on. */
import { html } from "lit";
import { type Ending, HubSession } from "../hub-session";
import { LOCALE, translate } from "../strings";
import { icon } from "./icons";

export function endingNote({ at, canStay }: Ending, platform: string, stay: () => void) {
  const time = at.toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit" });
  return html`<div class="note ending" role="alert">
    ${icon("info")}
    <div>${translate(canStay ? "sign_in_idle_soon" : "sign_in_over_soon", { time })}</div>
    ${
      canStay
        ? html`<button class="button" type="button" @click=${stay}>${translate("sign_in_stay")}</button>`
        : html`<a class="button" href=${HubSession.signInUrl(platform)}>${translate("sign_in_again")}</a>`
    }
  </div>`;
}
