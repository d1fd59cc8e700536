/** Which view stands for which address. Templates only; called by the console. */
import { html, nothing, type TemplateResult } from "lit";
import type { Message } from "../../api";
import type { Directory } from "../logic/directory";
import { composePath, messagesPath, type Route } from "../logic/routes";
import type { MessageConsole, Visit } from "../message-console";
import "./compose-page";
import { icon } from "./icons";
import "./message-page";
import "./organisations-page";
import "./received-page";
import "./sent-page";
import { empty } from "./states";

export function renderPage(page: MessageConsole, visit: Visit, route: Route): TemplateResult {
  const { directory } = visit;
  if (!directory) return route.page === "home" || route.page === "received" ? received(visit) : missing();
  const actual: Route = route.page === "home" ? home(directory.level === "clinic") : route;
  switch (actual.page) {
    case "messages":
    case "message":
      return messages(page, visit, actual);
    case "received":
      return received(visit);
    case "compose":
      return html`${head("Create message")}
        <hub-compose-page
          .hub=${visit.hub}
          .directory=${directory}
          .drafts=${visit.drafts}
          .preset=${actual.preset}
          @preset-used=${() => page.forgetPreset()}
          @audience-refused=${() => void page.reloadDirectory()}
          @message-sent=${(event: CustomEvent<Message>) => page.openFresh(event.detail)}
        ></hub-compose-page>`;
    case "organisations":
      return html`${head("Organisations")}<hub-organisations-page .directory=${directory}></hub-organisations-page>`;
    default:
      return missing();
  }
}

/** The list stays where it was while one of its messages is open. */
function messages(page: MessageConsole, visit: Visit, route: Route & { page: "messages" | "message" }) {
  const { hub, directory, identity } = visit;
  const isList = route.page === "messages";
  return html`<div ?hidden=${!isList}>
      ${head("Messages", createButton())} ${tabs("messages", directory)}
      <hub-sent-page .hub=${hub} .directory=${directory} .filter=${page.filter} .active=${isList}></hub-sent-page>
    </div>
    ${
      route.page === "message"
        ? html`<hub-message-page
          .hub=${hub}
          .directory=${directory}
          .me=${identity.user}
          .fresh=${page.fresh}
          .filter=${page.filter}
          @message-changed=${(event: CustomEvent<Message>) => page.showInList(event.detail)}
          .messageId=${route.id}
        ></hub-message-page>`
        : nothing
    }`;
}

function received(visit: Visit) {
  return html`${head("Messages", visit.directory ? createButton() : nothing)}
    ${tabs("received", visit.directory)}
    <hub-received-page .hub=${visit.hub}></hub-received-page>`;
}

function missing() {
  return html`${head("Nothing here")}
    <div class="card">
      ${empty("search", "There is no such page", "It may have moved, or it is not for you.", html`<a class="button" href="#/">To the messages</a>`)}
    </div>`;
}

function home(isOfClinic: boolean): Route {
  return isOfClinic ? { page: "received" } : { page: "messages", filter: null };
}

function head(title: string, action: unknown = nothing) {
  return html`<header class="page-head"><h1 tabindex="-1">${title}</h1>${action}</header>`;
}

function createButton() {
  return html`<a class="button primary" href=${composePath()}>${icon("compose")}Create message</a>`;
}

/** What most of its viewers come for stands first. Who administers nothing has only received messages. */
function tabs(current: "messages" | "received", directory: Directory | null) {
  if (!directory) return nothing;
  const tab = (page: typeof current, label: string, href: string) =>
    html`<a href=${href} aria-current=${page === current ? "page" : nothing}>${label}</a>`;
  const sent = tab("messages", "Sent", messagesPath());
  const received = tab("received", "Received", "#/received");
  return html`<nav class="tabs" aria-label="Messages">${directory.level === "clinic" ? [received, sent] : [sent, received]}</nav>`;
}
