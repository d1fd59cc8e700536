/** What `/console/` brings: the element `<message-console>`. */
import { MessageConsole } from "./message-console";

if (!customElements.get("message-console")) customElements.define("message-console", MessageConsole);

export { MessageConsole };
