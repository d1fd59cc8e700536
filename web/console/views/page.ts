/** Which view stands for which address. Templates only; called by the console. */
import { html, nothing, type TemplateResult } from "lit";
import type { Message, Viewer } from "../../api";
import { Directory } from "../logic/directory";
import { ALL_MESSAGES, messagesPath, type Received, type Route } from "../logic/routes";
import type { MessageConsole } from "../message-console";
import type { Visit } from "../start";
import { translate } from "../strings";
import "./compose-page";
import "./drafts-page";
import { icon } from "./icons";
import "./message-page";
import "./missed-note";
import "./organisations-page";
import "./provisioning-page";
import "./received-page";
import "./sent-page";

export function renderPage(page: MessageConsole, visit: Visit, route: Route): TemplateResult {
  const { directory, viewer } = visit;
  const actual = route.page === "home" ? home(viewer) : route;
  if (actual.page === "received") return received(visit, actual);
  if (viewer.level === null || actual.page === "unknown") return notFound();
  if (actual.page === "provisioning" && viewer.level !== "platform") return notFound();
  if (actual.page === "messages" || actual.page === "message") return messages(page, visit, actual);
  if (directory === null) return loading();
  if (actual.page === "drafts") {
    return html`${head(translate("frame_messages"))} ${tabs("drafts", viewer)}
      <hub-drafts-page .drafts=${visit.drafts} .me=${viewer.id}></hub-drafts-page>`;
  }
  if (actual.page === "organisations") {
    return html`${head(translate("frame_organisations"))}
      <hub-organisations-page .directory=${directory}></hub-organisations-page>`;
  }
  if (actual.page === "provisioning") {
    return html`${head(translate("frame_provisioning"))}
      <hub-provisioning-page .calls=${visit.hub.provisioning} .directory=${directory}></hub-provisioning-page>`;
  }
  return html`${head(translate("frame_create"))}
    <hub-compose-page
      .hub=${visit.hub}
      .directory=${directory}
      .drafts=${visit.drafts}
      .categories=${viewer.categories}
      .beginning=${actual}
      @audience-refused=${() => void page.reloadDirectory()}
      @draft-deleted=${() => page.leaveCompose()}
      @message-sent=${(event: CustomEvent<Message>) => page.openFresh(event.detail)}
    ></hub-compose-page>`;
}

/**
 * The list keeps its place while one of its messages is open. Both ask for their data while the directory is still being read, and are
 * shown once the names in it are known.
 */
function messages(page: MessageConsole, visit: Visit, route: Route & { page: "messages" | "message" }) {
  const { hub, viewer } = visit;
  const isLoading = visit.directory === null;
  const directory = visit.directory ?? NO_DIRECTORY;
  const isList = route.page === "messages";
  return html`${isLoading ? loading() : nothing}
    <div ?hidden=${isLoading || !isList}>
      ${head(translate("frame_messages"))} ${tabs("messages", viewer)}
      <hub-missed-note .drafts=${visit.drafts} .active=${isList}></hub-missed-note>
      <hub-sent-page
        .hub=${hub}
        .directory=${directory}
        .categories=${viewer.categories}
        .listing=${page.listing}
        .active=${isList}
      ></hub-sent-page>
    </div>
    ${
      isList
        ? nothing
        : html`<hub-message-page
          ?hidden=${isLoading}
          .hub=${hub}
          .directory=${directory}
          .me=${viewer.id}
          .fresh=${page.fresh}
          .back=${messagesPath(page.listing)}
          @message-changed=${(event: CustomEvent<Message>) => page.showInList(event.detail)}
          .messageId=${route.id}
        ></hub-message-page>`
    }`;
}

const NO_DIRECTORY = new Directory({
  viewer: { id: "", name: "" },
  everyone: false,
  user_count: null,
  organisations: [],
});

function received({ hub, viewer }: Visit, route: Received) {
  return html`${head(translate("frame_messages"))} ${tabs("received", viewer)}
    <hub-received-page .hub=${hub} .categories=${viewer.categories} .route=${route} ?is-manager=${viewer.level !== null}></hub-received-page>`;
}

function loading() {
  return html`<p class="wait muted" role="status">${translate("frame_loading")}</p>`;
}

function notFound() {
  return html`<div class="alone">
    ${icon("search")}
    <h1 tabindex="-1">${translate("frame_not_found")}</h1>
    <p class="muted">${translate("frame_not_found_hint")}</p>
    <a class="button" href="#/">${translate("frame_to_messages")}</a>
  </div>`;
}

/** Sent messages for administrators of the platform or of an organisation; received ones for everyone else. */
function home({ level }: Viewer): Route & { page: "messages" | "received" } {
  return level === "platform" || level === "organisation"
    ? { page: "messages", ...ALL_MESSAGES }
    : { page: "received", category: null, id: null };
}

function head(title: string) {
  return html`<header class="page-head"><h1 tabindex="-1">${title}</h1></header>`;
}

/** The home page stands first. A user who administers nothing has received messages only. */
function tabs(current: "messages" | "received" | "drafts", viewer: Viewer) {
  if (viewer.level === null) return nothing;
  const tab = (page: typeof current, label: string, href: string) =>
    html`<a href=${href} aria-current=${page === current ? "page" : nothing}>${label}</a>`;
  const sent = tab("messages", translate("frame_sent"), messagesPath());
  const received = tab("received", translate("frame_received"), "#/received");
  const drafts = tab("drafts", translate("frame_drafts"), "#/drafts");
  return html`<nav class="tabs" aria-label=${translate("frame_messages")}>
    ${home(viewer).page === "received" ? [received, sent] : [sent, received]} ${drafts}
  </nav>`;
}
