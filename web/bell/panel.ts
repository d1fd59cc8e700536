/** What the panel under the bell and the console's page show. Decides nothing: every click goes to `actions`. */
import { html, nothing, type TemplateResult } from "lit/html.js";
import { renderMark } from "./acknowledgement";
import * as icons from "./icons";
import type { ItemActions, Reader } from "./item";
import type { Lists } from "./list";
import { type ListKey, listOf, type State, VIEWS, type View } from "./state";
import type { Strings, Translate } from "./strings";

export interface Shown extends Lists, Reader {
  readonly state: State;
  readonly view: View;
  readonly key: ListKey;
  /** How many are newer than what is shown. */
  readonly arrived: number;
  /** A line at the foot of the panel; with a way back, if there is one. */
  readonly notice: { readonly text: keyof Strings; readonly undo?: (() => void) | undefined } | undefined;
}

export interface Actions extends ItemActions {
  show(view: View): void;
  /** Brings in what has arrived above what is being read. */
  showArrived(): void;
  markAllRead(): void;
  loadOlder(): void;
  refresh(): void;
}

/** What only the panel under the bell has. */
export interface PanelParts {
  close(): void;
  /** Links at its foot: to a page with all messages, and to one where an administrator writes one. */
  readonly messagesUrl: string | null | undefined;
  readonly createUrl: string | null | undefined;
}

export function renderPanel(shown: Shown, actions: Actions, parts: PanelParts | undefined): TemplateResult {
  const { state, view, key, arrived, translate, notice } = shown;
  const isEmpty = [...shown.linked, ...shown.asked, ...shown.pinned, ...shown.items].length === 0;
  const unread = state.counts?.unread_count ?? 0;
  const trouble = findTrouble(shown);
  return html`
    <div class="head" part="header">
      <h2 id="heading">${translate("messages")}</h2>
      ${
        // Its room stays when it goes: an arrival moves nothing.
        // In a filtered list it would mark what is not shown.
        !isEmpty && view === key && view !== "archived"
          ? html`<button type="button" class=${unread > 0 ? "quiet" : "quiet none"} part="action" @click=${actions.markAllRead}>
              ${translate("mark_all_read")}
            </button>`
          : nothing
      }
      ${
        parts
          ? html`<button type="button" class="quiet" part="close" aria-label=${translate("close")} @click=${parts.close}>
              ${icons.close}
            </button>`
          : nothing
      }
    </div>
    <div class="views" role="group" aria-label=${translate("show")}>
      ${VIEWS.map((one) => renderView(one, unread, shown, actions))}
    </div>
    ${
      trouble && !isEmpty
        ? html`<p class="trouble" part="trouble">${icons.warning}<span>${trouble}</span>${renderRetry(translate, actions)}</p>`
        : nothing
    }
    <div class="scroll" aria-busy=${listOf(state, key).phase === "loading"}>
      ${isEmpty ? renderNothing(shown, trouble, actions) : renderList(shown, actions)}
    </div>
    <div class="notices">
      ${arrived > 0 ? renderNotice(translate("new_messages", { count: arrived }), translate("show"), actions.showArrived) : nothing}
      ${notice ? renderNotice(translate(notice.text), translate("undo"), notice.undo) : nothing}
    </div>
    ${
      parts?.messagesUrl || parts?.createUrl
        ? html`<div class="foot" part="footer">
            ${renderLink(parts.messagesUrl, translate("see_all"), parts)}
            ${renderLink(parts.createUrl, html`${icons.plus}${translate("create")}`, parts)}
          </div>`
        : nothing
    }
  `;
}

function renderLink(url: string | null | undefined, text: unknown, { close }: PanelParts) {
  return url ? html`<a class="quiet" part="action" href=${url} @click=${close}>${text}</a>` : nothing;
}

function renderNotice(text: string, label: string, act: (() => void) | undefined): TemplateResult {
  return html`<div class="notice" part="notice">
    <span>${text}</span>
    ${act ? html`<button type="button" class="quiet" part="action" @click=${act}>${label}</button>` : nothing}
  </div>`;
}

function renderView(view: View, unread: number, { view: current, translate }: Shown, actions: Actions): TemplateResult {
  const count =
    view === "unread" && unread > 0
      ? html` <span class="count" translate="no">${translate("number", { count: unread })}</span>`
      : nothing;
  return html`<button
    type="button"
    class="view"
    part="view"
    aria-pressed=${view === current}
    @click=${() => actions.show(view)}
  >
    ${translate(view)}${count}
  </button>`;
}

function findTrouble({ state, key, translate }: Shown): string | undefined {
  if (state.connection === "signed-out") return translate("signed_out");
  if (state.connection === "offline") return translate("offline");
  return listOf(state, key).phase === "failed" ? translate("failed") : undefined;
}

/**
 * The lists themselves stay empty here: see list.ts. A message on top is shown once, as in mail and chat programs: read twice on one
 * screen, it would look like two messages, and a screen reader would go through both.
 */
function renderList({ state, key, asked, pinned, translate }: Shown, actions: Actions): TemplateResult {
  const { cursor, older } = listOf(state, key);
  const count = state.counts?.to_acknowledge_count ?? 0;
  const heading =
    count > 0
      ? renderMark("asked", icons.important, translate("to_acknowledge", { count }))
      : renderMark("muted", icons.check, translate("all_acknowledged"));
  return html`
    <ul role="list" part="list" class="linked"></ul>
    ${renderTop("asked", asked, heading)}
    ${renderTop("pinned", pinned, renderMark("muted", icons.pin, translate("pinned")))}
    <ul role="list" part="list"></ul>
    ${
      cursor === null
        ? nothing
        : html`<div class="older">
            ${older === "failed" ? html`<p>${translate("failed")}</p>` : nothing}
            <button type="button" class="quiet" part="older" aria-disabled=${older === "loading"} @click=${actions.loadOlder}>
              ${translate(older === "loading" ? "loading" : "older")}
            </button>
          </div>`
    }
  `;
}

function renderTop(id: string, { length }: readonly unknown[], heading: TemplateResult): TemplateResult {
  return html`<div class="top" ?hidden=${length === 0}>
    ${length > 0 ? html`<h3 id=${id}>${heading}</h3>` : nothing}
    <ul role="list" part="list" aria-labelledby=${id}></ul>
  </div>`;
}

/** In place of a list: what is the matter, that there is nothing, or that it is on its way. */
function renderNothing(
  { state, view, key, translate }: Shown,
  trouble: string | undefined,
  actions: Actions,
): TemplateResult {
  const isLoading = !trouble && listOf(state, key).phase !== "ready";
  const hint = key === "all" && !isLoading ? html`<p>${translate("empty_all_hint")}</p>` : nothing;
  return html`<div class="state" part="state">
    ${trouble ? icons.warning : icons.bell}
    <p class="what">${trouble ?? translate(isLoading ? "loading" : key === view ? `empty_${view}` : "empty_category")}</p>
    ${trouble ? renderRetry(translate, actions) : hint}
  </div>`;
}

function renderRetry(translate: Translate, actions: Actions): TemplateResult {
  return html`<button type="button" class="quiet" part="action" @click=${actions.refresh}>${translate("retry")}</button>`;
}
