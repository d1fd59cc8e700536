/** What `/demo/` brings: the demo page, and in it the console. The bell comes from inbox_api, as in any page that embeds it. */
import { MessageConsole } from "../console/message-console";
import "./demo-page";

if (!customElements.get("message-console")) customElements.define("message-console", MessageConsole);
