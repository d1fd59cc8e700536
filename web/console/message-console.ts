/** `<message-console>`: where administrators write messages and follow what was sent. */
import { html, LitElement } from "lit";
import { theme } from "../common/theme";

export class MessageConsole extends LitElement {
  static override styles = [theme];

  override render() {
    return html`<main><h1>Message Hub</h1></main>`;
  }
}
