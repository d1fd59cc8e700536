/** `<hub-schedule-question>`: asks when a message is to be sent, in a time zone. Fires `schedule` with what the hub takes, and `cancel`. */
import { css, html, LitElement } from "lit";
import type { Schedule } from "../../api";
import { toLocal } from "../logic/options";
import { ownZone, placeName, resolve, timeIn, zones } from "../logic/zones";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import "./confirmation";

const HOUR_MS = 60 * 60 * 1000;
/** The first is what the hub does by itself. */
const LATEST_HOURS = [1, 4, 24, 72];

export class ScheduleQuestion extends LitElement {
  static override styles = [
    controls,
    css`
      .fields {
        display: grid;
        gap: 1rem;
      }

      .fields input,
      .fields select {
        margin-block-start: 0.25rem;
      }

      .moment {
        min-block-size: 3em;
        font-weight: 500;
      }
    `,
  ];
  static override properties = {
    open: { type: Boolean },
    busy: { type: Boolean },
    error: {},
    _local: { state: true },
    _zone: { state: true },
    _hours: { state: true },
    _missing: { state: true },
  };

  declare open: boolean;
  declare busy: boolean;
  declare error: string;
  declare _local: string;
  declare _zone: string;
  declare _hours: number;
  declare _missing: string;

  constructor() {
    super();
    this.open = false;
    this.busy = false;
    this.error = "";
    this._local = "";
    this._zone = ownZone();
    this._hours = 1;
    this._missing = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("open") || !this.open) return;
    // The next full hour but one.
    const start = new Date(Date.now() + 2 * HOUR_MS);
    start.setMinutes(0, 0, 0);
    this._local ||= toLocal(start.toISOString());
    this._missing = "";
  }

  override render() {
    return html`<hub-confirmation
      heading=${translate("schedule_heading")}
      yes=${translate(this.busy ? "schedule_scheduling" : "schedule_yes")}
      no=${translate("compose_keep_editing")}
      .open=${this.open}
      .busy=${this.busy}
      .error=${this.error || this._missing}
      @confirm=${this.#confirm}
      @cancel=${() => this.dispatchEvent(new CustomEvent("cancel"))}
    >
      <div class="fields">
        <label
          >${translate("schedule_time")}
          <input
            id="local"
            type="datetime-local"
            max="9999-12-31T23:59"
            .value=${this._local}
            @input=${(event: Event) => this.#set({ _local: (event.target as HTMLInputElement).value })}
          />
        </label>
        <label
          >${translate("schedule_zone")}
          <select id="zone" @change=${(event: Event) => this.#set({ _zone: (event.target as HTMLSelectElement).value })}>
            ${zones().map((zone) => html`<option value=${zone} ?selected=${zone === this._zone}>${zone.replaceAll("_", " ")}</option>`)}
          </select>
        </label>
        <label
          >${translate("schedule_latest")}
          <select @change=${(event: Event) => this.#set({ _hours: Number((event.target as HTMLSelectElement).value) })}>
            ${LATEST_HOURS.map((count) => html`<option value=${count} ?selected=${count === this._hours}>${translate("schedule_latest_hours", { count })}</option>`)}
          </select>
        </label>
        <p class="moment" role="status">${this.#moment()}</p>
        <p class="muted small">${translate("schedule_recounted")}</p>
      </div>
    </hub-confirmation>`;
  }

  #set(change: Partial<Pick<this, "_local" | "_zone" | "_hours">>): void {
    Object.assign(this, change);
    this._missing = "";
  }

  /** The time there and, where that is another, the reader's own. */
  #moment(): string {
    const found = resolve(this._local, this._zone);
    if (!found) return translate("schedule_no_time");
    return [momentText(found.at, this._zone), adjustedText(found.adjusted)].filter(Boolean).join(" ");
  }

  readonly #confirm = () => {
    const found = resolve(this._local, this._zone);
    if (!found) {
      this._missing = translate("schedule_no_time");
      return;
    }
    const later = this._hours * HOUR_MS;
    const schedule: Schedule = {
      local: this._local,
      time_zone: this._zone,
      ...(this._hours > 1 ? { not_after: new Date(found.at.getTime() + later).toISOString() } : {}),
    };
    this.dispatchEvent(new CustomEvent("schedule", { detail: schedule }));
  };
}

/** "Wednesday 2 December 2026 at 09:00 in Sydney · … your time". */
export function momentText(at: Date, zone: string): string {
  const own = ownZone();
  const here = timeIn(at, own);
  const there = timeIn(at, zone);
  if (here === there) return here;
  return translate("schedule_both", {
    there: translate("draft_in_zone", { when: there, zone: placeName(zone) }),
    here,
  });
}

export function adjustedText(adjusted: "gap" | "ambiguous" | null): string {
  return adjusted === null ? "" : translate(`draft_${adjusted}`);
}

customElements.define("hub-schedule-question", ScheduleQuestion);
