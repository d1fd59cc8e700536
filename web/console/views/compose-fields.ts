/** The parts of the compose page: its text fields with their counters, the list of mistakes, the preview. Templates only. */
import { html, nothing } from "lit";
import type { Field, Mistakes } from "../logic/problems";
import { type Counter, counter } from "../logic/text";
import { icon } from "./icons";
import { linked } from "./linked";

export interface TextField {
  name: "title" | "body";
  label: string;
  hint: string;
  value: string;
  maximum: number;
  error: string | undefined;
  change: (value: string) => void;
}

const FIELD_NAMES: Record<Field, string> = { audience: "Who gets it", title: "Title", body: "Message" };

export function textField(field: TextField) {
  const { name, label, hint, value, error } = field;
  const count = counter(value, field.maximum);
  const onInput = (event: InputEvent) => field.change((event.target as HTMLInputElement | HTMLTextAreaElement).value);
  const isInvalid = error || count.isOver ? "true" : "false";
  const described = `${name}-hint ${name}-count${error ? ` ${name}-error` : ""}`;
  return html`<div class="field">
    <label class="label" for=${name}>${label}</label>
    <p class="muted small" id="${name}-hint">${hint}</p>
    ${fieldError(name, error)}
    ${
      name === "title"
        ? html`<input
          id="title"
          type="text"
          autocomplete="off"
          dir="auto"
          aria-required="true"
          aria-invalid=${isInvalid}
          aria-describedby=${described}
          .value=${value}
          @input=${onInput}
        />`
        : html`<textarea
          id="body"
          rows="8"
          dir="auto"
          aria-required="true"
          aria-invalid=${isInvalid}
          aria-describedby=${described}
          .value=${value}
          @input=${onInput}
        ></textarea>`
    }
    ${counterLine(name, count)}
  </div>`;
}

export function fieldError(name: Field, error: string | undefined) {
  return error ? html`<p class="error" id="${name}-error">${icon("alert")}<span>${error}</span></p>` : nothing;
}

/** What is wrong, above the form; each entry leads to its field. */
export function mistakeList({ fields, other }: Mistakes, go: (field: Field) => void) {
  const wrong = (Object.keys(FIELD_NAMES) as Field[]).filter((field) => fields[field]);
  if (wrong.length === 0 && other === null) return nothing;
  return html`<div class="note bad" role="alert" tabindex="-1" id="mistakes">
    ${icon("alert")}
    <div>
      <h2>The message was not sent</h2>
      ${other === null ? nothing : html`<p>${other}</p>`}
      <ul>
        ${wrong.map(
          (field) => html`<li>
            <a href="#${field}" @click=${(event: Event) => follow(event, () => go(field))}>
              ${FIELD_NAMES[field]}: ${fields[field]}
            </a>
          </li>`,
        )}
      </ul>
    </div>
  </div>`;
}

/** The message as it will stand under the bell. */
export function preview(title: string, body: string) {
  return html`<aside class="preview" aria-labelledby="preview">
    <h2 id="preview" class="small muted">As it will look under the bell</h2>
    <article class="card">
      ${icon("mail")}
      <div>
        <h3 class=${title.trim() ? "" : "muted"} dir="auto">${title.trim() || "Title"}</h3>
        <p class="body ${body.trim() ? "" : "muted"}" dir="auto">${body.trim() ? linked(body.trim()) : "Your message"}</p>
        <p class="muted small">now</p>
      </div>
    </article>
  </aside>`;
}

function counterLine(name: string, count: Counter) {
  return html`<p class="count small ${count.isOver ? "over" : "muted"}" id="${name}-count" translate="no">${count.label}</p>
    <p class="unseen-text" role="status" translate="no">${count.announcement}</p>`;
}

function follow(event: Event, go: () => void): void {
  // The address belongs to the console's own pages.
  event.preventDefault();
  go();
}
