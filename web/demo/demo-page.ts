/**
 * `<hub-demo>`: bell and console side by side, each for a demo person of one's choice. The left half stands for a page of the platform
 * and embeds the bell the way docs/embedding.md says.
 */
import { html, LitElement } from "lit";
import { readConfig } from "../console/config";
import { LOCALE } from "../console/strings";
import { controls } from "../console/styles/controls";
import { failed } from "../console/views/states";
import { type Person, readPeople } from "./people";
import { demoStyles } from "./styles";

export class DemoPage extends LitElement {
  static override styles = [controls, demoStyles];
  static override properties = {
    _people: { state: true },
    _inboxUrl: { state: true },
    _streamUrl: { state: true },
    _reader: { state: true },
    _writer: { state: true },
    _error: { state: true },
  };

  declare _people: readonly Person[];
  declare _inboxUrl: string;
  declare _streamUrl: string;
  /** Whose bell it is. */
  declare _reader: Person | undefined;
  /** Whose console it is. */
  declare _writer: Person | undefined;
  declare _error: unknown;

  constructor() {
    super();
    this._people = [];
    this._inboxUrl = "";
    this._streamUrl = "";
    this._error = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#start();
  }

  override render() {
    if (this._error !== null) {
      return html`<main>${failed("The demo could not be opened", this._error, () => void this.#start())}</main>`;
    }
    if (!this._reader || !this._writer) return html`<p class="wait muted" role="status">Loading…</p>`;
    return html`<div class="panes">${this.#platformPage(this._reader)} ${this.#console(this._writer)}</div>`;
  }

  #platformPage(reader: Person) {
    const address = `${this._inboxUrl}/bell.js`;
    return html`<section class="pane reader" aria-labelledby="reader-heading">
      <div class="choice">
        <h2 id="reader-heading">A page of the platform</h2>
        ${this.#choice("reader", "The bell of", reader, (person) => {
          this._reader = person;
        })}
      </div>
      <div class="page card">
        <div class="bar">
          <span class="name">Demo Telehealth</span>
          <message-bell
            .src=${this._inboxUrl}
            .streamUrl=${this._streamUrl}
            .token=${reader.token}
            locale=${LOCALE}
          ></message-bell>
        </div>
        <div class="text">
          <p>Good to see you, <strong>${reader.name}</strong>.</p>
          <p>Write a message in the console. If it reaches this person, the bell shows it within a second.</p>
          <p>The bell is two lines in this page:</p>
          <pre tabindex="0" role="region" aria-label="How the bell is embedded"><code>&lt;script type="module" src="${address}"&gt;&lt;/script&gt;
&lt;message-bell token="…"&gt;&lt;/message-bell&gt;</code></pre>
        </div>
      </div>
    </section>`;
  }

  #console(writer: Person) {
    return html`<div class="pane writer">
      <section class="choice" aria-labelledby="writer-heading">
        <h2 id="writer-heading">The console</h2>
        ${this.#choice("writer", "Signed in as", writer, (person) => {
          // Another person may not have this page.
          history.replaceState(history.state, "", "#/");
          this._writer = person;
        })}
      </section>
      <div class="console card">
        <message-console no-bell .token=${writer.token}></message-console>
      </div>
    </div>`;
  }

  #choice(id: string, label: string, chosen: Person, choose: (person: Person) => void) {
    const onChange = (event: Event) => {
      const person = this._people.find((one) => one.id === (event.target as HTMLSelectElement).value);
      if (person) choose(person);
    };
    return html`<div class="person">
      <label class="small" for=${id}>${label}</label>
      <select id=${id} @change=${onChange}>
        ${this._people.map(
          (person) => html`<option value=${person.id} ?selected=${person.id === chosen.id}>
            ${person.name}, ${person.role}
          </option>`,
        )}
      </select>
    </div>`;
  }

  async #start(): Promise<void> {
    this._error = null;
    try {
      const [config, people] = await Promise.all([readConfig(), readPeople()]);
      this._inboxUrl = config.inbox_url || location.origin;
      this._streamUrl = config.stream_url || location.origin;
      await import(/* @vite-ignore */ `${this._inboxUrl}/bell.js`);
      this._people = people;
      // The first one may send to everybody, the last one only reads.
      this._writer = people[0];
      this._reader = people.at(-1);
      if (people.length === 0) throw new Error("There are no demo people.");
    } catch (error) {
      this._error = error;
    }
  }
}

customElements.define("hub-demo", DemoPage);
