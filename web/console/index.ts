/** What `/console/` brings: the element `<message-console>`, and a title of the window for each page. */
import { MessageConsole } from "./message-console";
import { type Strings, translate } from "./strings";

const TITLES: Readonly<Record<string, keyof Strings>> = {
  compose: "frame_create",
  drafts: "frame_drafts",
  organisations: "frame_organisations",
  provisioning: "frame_provisioning",
  message: "frame_message",
  unknown: "frame_not_found",
  "signed-out": "sign_in_title",
  failed: "frame_failed_window",
};

if (!customElements.get("message-console")) customElements.define("message-console", MessageConsole);

document.addEventListener("message-console-page", (event) => {
  setTitle(translate(TITLES[(event as CustomEvent<string>).detail] ?? "frame_messages"));
});
document.addEventListener("message-known", (event) => setTitle((event as CustomEvent<string>).detail));

function setTitle(page: string): void {
  document.title = translate("frame_window", { page });
}
