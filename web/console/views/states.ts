/** What a list or a page shows while it loads, is empty or has failed; and the end of a list that has more pages. */
import { css, html, nothing, type TemplateResult } from "lit";
import { Problem } from "../../api";
import type { Pages } from "../logic/pages";
import { sentence } from "../logic/problems";
import { translate } from "../strings";
import { type IconName, icon } from "./icons";

export const stateStyles = css`
  .state {
    display: grid;
    justify-items: center;
    gap: 0.5rem;
    padding: 3rem 1.5rem;
    text-align: center;
  }

  .state > svg {
    inline-size: 2.5rem;
    block-size: 2.5rem;
    color: var(--_hub-muted);
    stroke-width: 1.25;
  }

  .state p {
    max-inline-size: 34rem;
    color: var(--_hub-muted);
  }

  .state .button {
    margin-block-start: 0.75rem;
  }

  .bones {
    display: grid;
    gap: 0.625rem;
    padding: 1.125rem 1.25rem;
    border-block-end: 1px solid var(--_hub-line);
  }

  .bones:last-child {
    border-block-end: 0;
  }

  .bones i {
    display: block;
    block-size: 0.75rem;
    border-radius: 0.375rem;
    background: var(--_hub-line);
    animation: breathe 1.6s ease-in-out infinite;
  }

  .bones i:first-child {
    inline-size: 45%;
    block-size: 0.9375rem;
  }

  .bones i:last-child {
    inline-size: 75%;
  }

  .end {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    padding: 1.25rem;
    border-block-start: 1px solid var(--_hub-line);
    text-align: center;
  }

  /* Over the end of what is visible, without any room of its own: nothing moves when it comes. */
  .arrivals {
    position: sticky;
    inset-block-end: 1rem;
    z-index: 2;
    display: grid;
    align-content: end;
    justify-items: center;
    block-size: 0;
  }

  .arrivals .button {
    box-shadow: var(--_hub-shadow);
  }

  @keyframes breathe {
    50% {
      opacity: 0.45;
    }
  }
`;

export function loading(text: string, rows = 4): TemplateResult {
  const bones = Array.from({ length: rows }, () => html`<div class="bones" aria-hidden="true"><i></i><i></i></div>`);
  return html`<p class="unseen-text" role="status">${text}</p>
    ${bones}`;
}

export function empty(picture: IconName, title: string, text: string, action: unknown = nothing): TemplateResult {
  return html`<div class="state">
    ${icon(picture)}
    <h2>${title}</h2>
    ${text ? html`<p>${text}</p>` : nothing} ${action}
  </div>`;
}

/** Of a draft that cannot be opened. */
export function notOpened(error: unknown, retry: () => void): TemplateResult {
  const isMissing = error instanceof Problem && ["not-found", "validation-failed"].includes(error.code);
  if (isMissing) return empty("search", translate("draft_missing"), translate("draft_missing_text"));
  return failed(translate("draft_not_opened"), error, retry);
}

export function failed(what: string, error: unknown, retry: () => void): TemplateResult {
  return html`<div class="state" role="alert">
    ${icon("alert")}
    <h2>${what}</h2>
    <p>${sentence(error)}</p>
    <button class="button" type="button" @click=${retry}>${translate("retry")}</button>
  </div>`;
}

/** "5 new messages": brings them in. To be put after the list. */
export function arrivals(pages: Pages<{ id: string }> | null, show: () => void) {
  const { arrivals: count = 0, hasMoreArrivals: isMore } = pages ?? {};
  const text = translate(isMore ? "sent_new_more" : "sent_new", { count });
  return html`<div class="arrivals" role="status" translate="no">
    ${count > 0 ? html`<button class="button primary" type="button" @click=${show}>${text}</button>` : nothing}
  </div>`;
}

/** The end of a list of pages: nothing once all is there, else what loads the next one, or why it could not be loaded. */
export function more(pages: Pick<Pages<{ id: string }>, "status" | "error" | "retry" | "more">) {
  if (pages.status === "complete") return nothing;
  if (pages.status === "failed")
    return html`<div class="end" role="alert">
      <p>${translate("list_more_failed", { reason: sentence(pages.error) })}</p>
      <button class="button" type="button" @click=${() => void pages.retry()}>${translate("retry")}</button>
    </div>`;
  return html`<div class="end">
    ${
      pages.status === "loading"
        ? html`<p class="muted" role="status">${translate("list_loading_more")}</p>`
        : html`<button class="button" type="button" @click=${() => void pages.more()}>${translate("list_more")}</button>`
    }
  </div>`;
}
