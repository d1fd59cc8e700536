/** `<message-bell src token>`: how many notifications its user has not seen. */
import { html, LitElement } from "lit";
import { Client, type Counts, type InboxPaths } from "../api";
import { theme } from "../common/theme";

export class MessageBell extends LitElement {
  static override styles = [theme];
  static override properties = { src: {}, token: {}, _counts: { state: true } };

  declare src: string;
  declare token: string;
  declare _counts: Counts | undefined;

  constructor() {
    super();
    this.src = new URL(import.meta.url).origin;
    this.token = "";
  }

  override async updated(changed: Map<string, unknown>): Promise<void> {
    if (!(changed.has("token") || changed.has("src")) || !this.token) return;
    const inbox = new Client<InboxPaths>(this.src, () => this.token);
    this._counts = (await inbox.call("get", "/v1/notifications/counts", {})).data;
  }

  override render() {
    const unseen = this._counts?.unseen_count ?? 0;
    return html`<button type="button" aria-label="Notifications, ${unseen} new">${unseen}</button>`;
  }
}
