/** Every text of the demo page. Its people and appointments are invented. */
import { translator } from "../common/translate";
import { LOCALE } from "../console/strings";

const english = {
  demo_loading: "Loading…",
  demo_failed: "The demo could not be opened",
  demo_nobody: "There are no demo people.",
  demo_portal: "A portal with the bell",
  demo_console: "The console",
  demo_person: "{name}, {role}",
  demo_try_portal: "Try the portal as",
  demo_try_console: "Try the console as",
  portal_name: "Demo Telehealth",
  portal_greeting: "Hello, {name}",
  portal_sample: "Sample data",
  portal_today: "Today’s appointments",
  portal_waiting: "Waiting room",
  portal_waiting_since: "Waiting for {minutes} minutes",
  portal_ready: "Camera and microphone work",
  portal_checking: "Checking camera and microphone",
  portal_done: "Completed",
  portal_here: "In waiting room",
  portal_upcoming: "Upcoming",
  portal_what: "{reason} · {kind}",
  portal_video: "Video visit",
  portal_phone: "Phone call",
  portal_follow_up: "Follow-up after surgery",
  portal_medication: "Medication review",
  portal_skin: "Skin consultation",
  portal_first: "First consultation",
  portal_results: "Discuss test results",
  portal_embedding: "How the bell gets into a page",
  portal_embedding_text: "Two lines are enough; attributes add links to the console.",
};

export type Strings = typeof english;

export const translate = translator(english, {}, LOCALE);
