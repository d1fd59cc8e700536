/** `<hub-provisioned-groups>`: the groups that wait for a mapping, or those that have one. Fires `groups-change` after a change. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Mapping, ProvisionedGroup } from "../../api";
import type { Directory } from "../logic/directory";
import { Pages } from "../logic/pages";
import { sentence } from "../logic/problems";
import type { ProvisioningCalls } from "../provisioning-calls";
import { translate } from "../strings";
import { controls } from "../styles/controls";
import { provisioningStyles } from "../styles/provisioning";
import "./confirmation";
import "./group-mapping";
import { failed, loading, more, stateStyles } from "./states";

export class ProvisionedGroups extends LitElement {
  static override styles = [controls, stateStyles, provisioningStyles];
  static override properties = {
    calls: { attribute: false },
    directory: { attribute: false },
    status: {},
    version: { attribute: false },
    _open: { state: true },
    _removing: { state: true },
    _isBusy: { state: true },
    _error: { state: true },
    _done: { state: true },
  };

  declare calls: ProvisioningCalls;
  declare directory: Directory;
  declare status: "waiting" | "mapped";
  /** The list is loaded again when it changes. */
  declare version: string;
  /** The group whose mapping is being edited. */
  declare _open: string | null;
  declare _removing: ProvisionedGroup | null;
  declare _isBusy: boolean;
  declare _error: string;
  declare _done: string;
  #pages: Pages<ProvisionedGroup> | null = null;

  constructor() {
    super();
    this.version = "";
    this._open = null;
    this._removing = null;
    this._isBusy = false;
    this._error = "";
    this._done = "";
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("calls") || changed.has("version")) this.#restart();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#pages?.close();
  }

  /** What is shown stays until the new first page is there. */
  #restart(): void {
    const before = this.#pages;
    before?.close();
    const pages = new Pages<ProvisionedGroup>(
      (after, signal) => this.calls.getGroups(this.status, after, signal),
      () => this.requestUpdate(),
    );
    if (before) pages.items = before.items;
    this.#pages = pages;
    void pages.start();
  }

  override render() {
    const isWaiting = this.status === "waiting";
    return html`<section class="card" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading" tabindex="-1">${translate(isWaiting ? "provisioning_waiting" : "provisioning_mapped")}</h2>
        ${isWaiting ? html`<p class="muted small">${translate("provisioning_waiting_text")}</p>` : nothing}
      </div>
      <p class="done muted" role="status">${this._done}</p>
      ${this.#list()} ${this.#confirmation()}
    </section>`;
  }

  #list() {
    const pages = this.#pages;
    if (!pages || (pages.items.length === 0 && pages.status === "loading"))
      return loading(translate("provisioning_groups_loading"), 2);
    if (pages.items.length === 0 && pages.status === "failed")
      return failed(translate("provisioning_groups_failed"), pages.error, () => void pages.retry());
    if (pages.items.length === 0)
      return this.status === "waiting"
        ? html`<p class="none">${translate("provisioning_waiting_none")}</p>`
        : html`<p class="none">${translate("provisioning_mapped_none")}</p>`;
    return html`<ul>
        ${repeat(
          pages.items,
          ({ id }) => id,
          (group) => this.#row(group),
        )}
      </ul>
      ${more(pages)}`;
  }

  #row(group: ProvisionedGroup) {
    const { id, name, meaning } = group;
    const isOpen = this._open === id;
    return html`<li class="row">
      <div class="what">
        <h3 dir="auto">${name}</h3>
        <p class="muted small">${translate("provisioning_members", { count: group.member_count })}</p>
        ${meaning ? this.#meaning(meaning) : nothing}
        ${
          !meaning && group.stated_scope
            ? html`<p class="small">${translate("provisioning_stated", { scope: group.stated_scope })}</p>`
            : nothing
        }
      </div>
      <div class="actions">
        <button
          class="button"
          type="button"
          data-group=${id}
          aria-expanded=${isOpen ? "true" : "false"}
          aria-label=${translate(meaning ? "provisioning_change_label" : "provisioning_map_label", { name })}
          @click=${() => this.#toggle(id)}
        >
          ${translate(meaning ? "provisioning_change" : "provisioning_map")}
        </button>
        ${
          meaning?.mapped_by === "administrator"
            ? html`<button
              class="button"
              type="button"
              aria-label=${translate("provisioning_unmap_label", { name })}
              @click=${() => this.#askToRemove(group)}
            >
              ${translate("provisioning_unmap")}
            </button>`
            : nothing
        }
      </div>
      ${
        isOpen
          ? html`<hub-group-mapping
            .directory=${this.directory}
            .group=${group}
            .busy=${this._isBusy}
            .error=${this._error}
            @save=${(event: CustomEvent<Mapping>) => void this.#map(group, event.detail)}
            @cancel=${() => this.#close(id)}
          ></hub-group-mapping>`
          : nothing
      }
    </li>`;
  }

  #meaning({ level, scope_name, role, mapped_by }: NonNullable<ProvisionedGroup["meaning"]>) {
    const where = level === "platform" ? translate("provisioning_where_platform") : scope_name;
    return html`<p class="small">
      <bdi>${where}</bdi> · ${translate(`provisioning_role_${role}`)}
      ${mapped_by === "provider" ? html`<span class="muted">· ${translate("provisioning_by_provider")}</span>` : nothing}
    </p>`;
  }

  #confirmation() {
    const name = this._removing?.name ?? "";
    return html`<hub-confirmation
      danger
      .open=${this._removing !== null}
      .heading=${translate("provisioning_unmap_title", { name })}
      .yes=${translate("provisioning_unmap")}
      .no=${translate("provisioning_cancel")}
      .busy=${this._isBusy}
      .progress=${translate("provisioning_saving")}
      .error=${this._removing ? this._error : ""}
      @confirm=${() => this._removing && void this.#map(this._removing, null)}
      @cancel=${() => {
        this._removing = null;
      }}
    >
      <p>${translate("provisioning_unmap_text")}</p>
    </hub-confirmation>`;
  }

  #toggle(id: string): void {
    this._error = this._done = "";
    this._open = this._open === id ? null : id;
  }

  #askToRemove(group: ProvisionedGroup): void {
    this._error = this._done = "";
    this._open = null;
    this._removing = group;
  }

  #close(id: string): void {
    this._open = null;
    this.renderRoot.querySelector<HTMLElement>(`[data-group="${id}"]`)?.focus();
  }

  /** Null removes the mapping. The row moves to the other list, so the heading takes the focus. */
  async #map(group: ProvisionedGroup, mapping: Mapping | null): Promise<void> {
    if (this._isBusy) return;
    this._isBusy = true;
    this._error = "";
    try {
      await this.calls.map(group.id, mapping);
      this._open = this._removing = null;
      this._done = translate(mapping ? "provisioning_map_done" : "provisioning_unmap_done", { name: group.name });
      this.dispatchEvent(new CustomEvent("groups-change"));
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>("#heading")?.focus({ preventScroll: true });
    } catch (error) {
      const reason = sentence(error);
      this._error = translate(mapping ? "provisioning_map_failed" : "provisioning_unmap_failed", { reason });
    }
    this._isBusy = false;
  }
}

customElements.define("hub-provisioned-groups", ProvisionedGroups);
