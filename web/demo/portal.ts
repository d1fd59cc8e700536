/** What stands for a page of the platform: a day in a telehealth portal, with the bell in its bar. Templates only. */
import { html, nothing } from "lit";
import { LOCALE } from "../console/strings";
import { avatar } from "../console/views/avatar";
import type { Person } from "./people";
import { type Strings, translate } from "./strings";

/** The addresses of bell.js and of the live stream. */
export interface Addresses {
  readonly inboxUrl: string;
  readonly streamUrl: string;
}

type Status = "portal_done" | "portal_here" | "portal_upcoming";

interface Appointment {
  readonly time: string;
  readonly patient: string;
  readonly reason: keyof Strings;
  readonly kind: "portal_video" | "portal_phone";
  readonly status: Status;
}

const APPOINTMENTS: readonly Appointment[] = [
  { time: "09:00", patient: "Helena Duarte", reason: "portal_follow_up", kind: "portal_video", status: "portal_done" },
  { time: "09:30", patient: "Owen Marsh", reason: "portal_medication", kind: "portal_phone", status: "portal_done" },
  { time: "10:15", patient: "Samira Haddad", reason: "portal_skin", kind: "portal_video", status: "portal_here" },
  { time: "10:45", patient: "Peter Lang", reason: "portal_first", kind: "portal_video", status: "portal_here" },
  { time: "13:30", patient: "Anh Pham", reason: "portal_results", kind: "portal_video", status: "portal_upcoming" },
  {
    time: "14:15",
    patient: "Rosa Benítez",
    reason: "portal_medication",
    kind: "portal_phone",
    status: "portal_upcoming",
  },
];

const WAITING = [
  { patient: "Samira Haddad", minutes: 6, state: "portal_ready" },
  { patient: "Peter Lang", minutes: 2, state: "portal_checking" },
] as const;

const TODAY = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });

export function portal(person: Person, addresses: Addresses) {
  return html`<div class="portal card">
    ${bar(person, addresses)}
    <div class="day">
      <div class="greeting">
        <div>
          <h3>${translate("portal_greeting", { name: person.name.split(" ")[0] ?? person.name })}</h3>
          <p class="muted">${TODAY.format()}</p>
        </div>
        <p class="sample small">${translate("portal_sample")}</p>
      </div>
      <section class="panel appointments" aria-labelledby="appointments">
        <h4 id="appointments">${translate("portal_today")}</h4>
        <ul>${APPOINTMENTS.map(appointment)}</ul>
      </section>
      <section class="panel" aria-labelledby="waiting">
        <h4 id="waiting">${translate("portal_waiting")}</h4>
        <ul>${WAITING.map(waiting)}</ul>
      </section>
      ${embedding(addresses)}
    </div>
  </div>`;
}

/** The bell as docs/embedding.md describes it: links to the console lead to the pages that this person has. */
function bar(person: Person, { inboxUrl, streamUrl }: Addresses) {
  return html`<div class="bar">
    <span class="name">${mark()}${translate("portal_name")}</span>
    <message-bell
      .src=${inboxUrl}
      .streamUrl=${streamUrl}
      .token=${person.token}
      locale=${LOCALE}
      messages-url="../console/#/received"
      create-url=${person.role === "user" ? nothing : "../console/#/compose"}
    ></message-bell>
    ${avatar(person.name)}
  </div>`;
}

function appointment({ time, patient, reason, kind, status }: Appointment) {
  return html`<li>
    <span class="time">${time}</span>
    <div class="about">
      <p>${patient}</p>
      <p class="muted small">${translate("portal_what", { reason: translate(reason), kind: translate(kind) })}</p>
    </div>
    <span class="status small ${status}">${translate(status)}</span>
  </li>`;
}

function waiting({ patient, minutes, state }: (typeof WAITING)[number]) {
  return html`<li>
    ${avatar(patient)}
    <div class="about">
      <p>${patient}</p>
      <p class="muted small">${translate("portal_waiting_since", { minutes })}</p>
      <p class="muted small">${translate(state)}</p>
    </div>
  </li>`;
}

function embedding({ inboxUrl }: Addresses) {
  return html`<details class="embedding small">
    <summary>${translate("portal_embedding")}</summary>
    <p class="muted">${translate("portal_embedding_text")}</p>
    <pre tabindex="0" role="region" aria-label=${translate("portal_embedding")}><code>&lt;script type="module" src="${inboxUrl}/bell.js"&gt;&lt;/script&gt;
&lt;message-bell token="…"&gt;&lt;/message-bell&gt;</code></pre>
  </details>`;
}

/** The portal's own sign: a pulse in a speech bubble. */
function mark() {
  return html`<svg viewBox="0 0 32 32" aria-hidden="true">
    <path d="M6 5h20a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H15l-7 5v-5H6a4 4 0 0 1-4-4V9a4 4 0 0 1 4-4z" fill="currentColor" />
    <path
      d="M7 15h4l3-5 4 9 2.5-4H25"
      fill="none"
      stroke="var(--_hub-raised)"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>`;
}
