/** What `/console/` brings: the element `<message-console>`, and a title of the page that says what it shows. */
import { MessageConsole } from "./message-console";

const TITLES: Record<string, string> = {
  compose: "Create message",
  organisations: "Organisations",
  message: "Message",
  unknown: "Nothing here",
  "signed-out": "Sign in",
  failed: "Not available",
};

if (!customElements.get("message-console")) customElements.define("message-console", MessageConsole);

document.addEventListener("message-console-page", (event) => {
  setTitle(TITLES[(event as CustomEvent<string>).detail] ?? "Messages");
});
document.addEventListener("message-known", (event) => setTitle((event as CustomEvent<string>).detail));

function setTitle(title: string): void {
  document.title = `${title} – Message Hub`;
}
