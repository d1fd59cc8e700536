/** The text fields of the compose page with their counters, and the list of mistakes. Templates only. */
import { html, nothing } from "lit";
import { FIELDS, type Field, type Mistakes } from "../logic/problems";
import { counter, countRemoved, removeInvisible, type TextField } from "../logic/text";
import { translate } from "../strings";
import { icon } from "./icons";

export interface FieldState {
  name: TextField;
  value: string;
  error: string | undefined;
  /** How many invisible characters were removed from it. */
  removed: number;
  change: (value: string, removed: number) => void;
}

type TextElement = HTMLInputElement | HTMLTextAreaElement;

const PASTED = new Set(["insertFromPaste", "insertFromDrop"]);

const NAMES = {
  change_summary: "correction_summary",
  title: "compose_title",
  body: "compose_body",
  audience: "compose_recipients",
  category: "options_category",
  priority: "options_important",
  pinned_until: "options_pin_until",
  expires_at: "options_expire_on",
  statement: "acknowledgement_statement",
  due_at: "acknowledgement_date",
  due_in_days: "acknowledgement_days",
  remind_days_before: "acknowledgement_reminders",
} as const;
const HINTS = {
  body: "compose_body_hint",
  statement: "acknowledgement_statement_hint",
  change_summary: "correction_summary_hint",
} as const;

function fieldName(field: Field): string {
  return translate(NAMES[field]);
}

export function textField(field: FieldState) {
  const { name, value, error, removed } = field;
  const { label, announcement, isOver } = counter(name, value);
  const onInput = (event: InputEvent) => {
    const element = event.target as TextElement;
    // Not while the user types: a joiner has no meaning until the next letter is there.
    const count = PASTED.has(event.inputType) ? tidy(name, element) : 0;
    field.change(element.value, count);
  };
  const onChange = (event: Event) => {
    const element = event.target as TextElement;
    field.change(element.value, tidy(name, element));
  };
  const isInvalid = error || isOver ? "true" : "false";
  const described = `${name}-about ${name}-removed${error ? ` ${name}-error` : ""}`;
  return html`<div class="field">
    <label class="label" for=${name}>${fieldName(name)}</label>
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
          @change=${onChange}
        />`
        : html`<textarea
          id=${name}
          rows=${name === "body" ? 6 : 2}
          dir="auto"
          aria-required="true"
          aria-invalid=${isInvalid}
          aria-describedby=${described}
          .value=${value}
          @input=${onInput}
          @change=${onChange}
        ></textarea>`
    }
    <p class="about muted small" id="${name}-about">
      <span>${name === "title" ? nothing : translate(HINTS[name])}</span>
      <span class=${isOver ? "over" : ""} translate="no">${label}</span>
    </p>
    <p class="unseen-text" role="status" translate="no">${announcement}</p>
    <div role="status" id="${name}-removed">
      ${removed > 0 ? html`<p class="removed small">${icon("info")}${translate("compose_removed", { count: removed })}</p>` : nothing}
    </div>
  </div>`;
}

/** Removes what is invisible from a field, with the caret where it was; how many characters it removed. */
function tidy(name: TextField, element: TextElement): number {
  const { value, selectionEnd } = element;
  const text = removeInvisible(name, value);
  if (text === value) return 0;
  const caret = removeInvisible(name, value.slice(0, selectionEnd ?? 0)).length;
  element.value = text;
  if (element.matches(":focus")) element.setSelectionRange(caret, caret);
  return countRemoved(name, value);
}

/** `name`: the id of the field. */
export function fieldError(name: string, error: string | undefined) {
  return error ? html`<p class="error" id="${name}-error">${icon("alert")}<span>${error}</span></p>` : nothing;
}

/** What is wrong, above the form; each entry leads to its field. */
export function mistakeList({ fields, other }: Mistakes, go: (field: Field) => void) {
  const wrong = FIELDS.filter((field) => fields[field]);
  if (wrong.length === 0 && other === null) return nothing;
  return html`<div class="note bad" role="alert" tabindex="-1" id="mistakes">
    ${icon("alert")}
    <div>
      <h2>${translate("compose_mistakes")}</h2>
      ${other === null ? nothing : html`<p>${other}</p>`}
      <ul>
        ${wrong.map(
          (field) => html`<li>
            <a href="#${field}" @click=${(event: Event) => follow(event, () => go(field))}>
              ${translate("compose_mistake", { field: fieldName(field), error: fields[field] ?? "" })}
            </a>
          </li>`,
        )}
      </ul>
    </div>
  </div>`;
}

function follow(event: Event, go: () => void): void {
  // The address belongs to the console's own pages.
  event.preventDefault();
  go();
}
