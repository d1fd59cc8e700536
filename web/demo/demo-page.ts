/**
 * `<hub-demo>`: a page of the platform with the bell, and the console beside it, each for a demo person of one's choice. The page embeds
 * the bell the way docs/embedding.md describes.
 */
import { html, LitElement } from "lit";
import { readConfig } from "../console/config";
import { keepToken, openStorage } from "../console/logic/session";
import { controls } from "../console/styles/controls";
import { avatarStyles } from "../console/views/avatar";
import { failed, stateStyles } from "../console/views/states";
import { type Person, readPeople } from "./people";
import { type Addresses, portal } from "./portal";
import { portalStyles } from "./portal-styles";
import { translate } from "./strings";
import { demoStyles } from "./styles";

export class DemoPage extends LitElement {
  static override styles = [controls, stateStyles, avatarStyles, demoStyles, portalStyles];
  static override properties = {
    _people: { state: true },
    _reader: { state: true },
    _writer: { state: true },
    _error: { state: true },
  };

  declare _people: readonly Person[];
  /** Whose portal it is. */
  declare _reader: Person | undefined;
  /** Whose console it is. */
  declare _writer: Person | undefined;
  declare _error: unknown;
  #addresses: Addresses = { inboxUrl: "", streamUrl: "" };

  constructor() {
    super();
    this._people = [];
    this._error = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#start();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    // The bell's links open the console in this tab: it signs in the same person.
    if (changed.has("_reader") && this._reader) keepToken(openStorage("sessionStorage"), this._reader.token);
  }

  override render() {
    if (this._error !== null) {
      return html`<main>${failed(translate("demo_failed"), this._error, () => void this.#start())}</main>`;
    }
    if (!this._reader || !this._writer) {
      return html`<p class="wait muted" role="status">${translate("demo_loading")}</p>`;
    }
    return html`<div class="panes">${this.#portal(this._reader)} ${this.#console(this._writer)}</div>`;
  }

  #portal(reader: Person) {
    return html`<section class="pane reader" aria-labelledby="reader-heading">
      <div class="choice">
        <h2 class="unseen-text" id="reader-heading">${translate("demo_portal")}</h2>
        ${this.#choice("reader", translate("demo_try_portal"), reader, (person) => {
          this._reader = person;
        })}
      </div>
      ${portal(reader, this.#addresses)}
    </section>`;
  }

  #console(writer: Person) {
    return html`<div class="pane writer">
      <section class="choice" aria-labelledby="writer-heading">
        <h2 class="unseen-text" id="writer-heading">${translate("demo_console")}</h2>
        ${this.#choice("writer", translate("demo_try_console"), writer, (person) => {
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
    return html`<div class="person small">
      <label for=${id}>${label}</label>
      <select id=${id} @change=${onChange}>
        ${this._people.map(
          ({ id, name, role }) => html`<option value=${id} ?selected=${id === chosen.id}>
            ${translate("demo_person", { name, role })}
          </option>`,
        )}
      </select>
    </div>`;
  }

  async #start(): Promise<void> {
    this._error = null;
    try {
      const [config, people] = await Promise.all([readConfig(), readPeople()]);
      const inboxUrl = config.inbox_url || location.origin;
      this.#addresses = { inboxUrl, streamUrl: config.stream_url || location.origin };
      await import(/* @vite-ignore */ `${inboxUrl}/bell.js`);
      if (people.length === 0) throw new Error(translate("demo_nobody"));
      this._people = people;
      // The first one may send to everybody, the last one only reads.
      this._writer = people[0];
      this._reader = people.at(-1);
    } catch (error) {
      this._error = error;
    }
  }
}

customElements.define("hub-demo", DemoPage);
