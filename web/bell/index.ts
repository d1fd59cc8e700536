/** What `<script type="module" src="…/bell.js">` brings: the element `<message-bell>`. */
import { MessageBell } from "./message-bell";

// Named once, however often a page has the script in it.
if (!customElements.get("message-bell")) customElements.define("message-bell", MessageBell);

export { MessageBell };
