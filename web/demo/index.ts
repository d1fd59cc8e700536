/** The demo page: the bell as a page of the platform would embed it, for whichever demo person is chosen. */
import { readConfig } from "../console/config";
import { readPeople } from "./people";

const [config, people] = await Promise.all([readConfig(), readPeople()]);
const origin = config.inbox_url || location.origin;
await import(/* @vite-ignore */ `${origin}/bell.js`);
for (const person of people) {
  const bell = document.createElement("message-bell");
  bell.setAttribute("src", origin);
  bell.setAttribute("token", person.token);
  document.body.append(`${person.name} (${person.role})`, bell);
}
