/** The questions before something happens to a draft: whether to delete it, or not to send it at its time. Templates only. */
import { html } from "lit";
import type { KeptDraft } from "../../api";
import { date } from "../logic/dates";
import { translate } from "../strings";
import "./confirmation";

export interface DraftQuestion {
  /** Null while nothing is asked. */
  about: { readonly title: string } | null;
  failure: string;
  confirm: () => void;
  cancel: () => void;
}

export function deleteQuestion({ about, failure, confirm, cancel }: DraftQuestion) {
  return html`<hub-confirmation
    heading=${translate("draft_ask_delete")}
    yes=${translate("draft_delete_yes")}
    no=${translate("draft_delete_no")}
    danger
    .open=${about !== null}
    .error=${failure}
    @confirm=${confirm}
    @cancel=${cancel}
  >
    ${translate("draft_delete_text", { title: titleOf(about) })}
  </hub-confirmation>`;
}

/** Its content stays. */
export function unscheduleQuestion({ about, failure, confirm, cancel }: DraftQuestion & { about: Scheduled | null }) {
  const when = about?.send_at ? date(about.send_at) : "";
  return html`<hub-confirmation
    heading=${translate("draft_ask_unschedule")}
    yes=${translate("draft_unschedule")}
    no=${translate("draft_unschedule_no")}
    danger
    .open=${about !== null}
    .error=${failure}
    @confirm=${confirm}
    @cancel=${cancel}
  >
    ${translate("draft_unschedule_text", { title: titleOf(about), when })}
  </hub-confirmation>`;
}

type Scheduled = { readonly title: string } & Pick<KeptDraft, "send_at">;

export function titleOf(draft: { readonly title: string | null } | null): string {
  return draft?.title || translate("draft_no_title");
}
