/** Has a file made that may be long, shows how far it has come, and hands it to the browser. One at a time. */
import { html, nothing, type ReactiveController, type ReactiveControllerHost } from "lit";
import { save } from "../logic/download";
import { sentence } from "../logic/problems";
import { type Strings, translate } from "../strings";
import { icon } from "./icons";

export interface ExportedFile {
  readonly name: string;
  load(onLines: (count: number) => void, signal: AbortSignal): Promise<Blob>;
}

export class FileExport implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #failed: keyof Strings;
  #abort = new AbortController();
  /** Which file is being made, and how many recipients are in it; null while none is. */
  #running: { index: number; count: number } | null = null;
  #error = "";

  /** `failed`: the text for a file that could not be made, with its `{reason}`. */
  constructor(host: ReactiveControllerHost, failed: keyof Strings) {
    this.#host = host;
    this.#failed = failed;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#abort.abort();
  }

  /** A button for each file, which stops it while it is being made; and how far it is. */
  buttons(files: readonly { label: string; file: () => ExportedFile }[]) {
    const running = this.#running;
    return html`${running ? html`<p class="muted small">${translate("message_exporting_count", { count: running.count })}</p>` : nothing}
      ${files.map(({ label, file }, index) => {
        const isRunning = running?.index === index;
        return html`<button
          class="button"
          type="button"
          aria-disabled=${running && !isRunning ? "true" : "false"}
          @click=${isRunning ? this.#stop : () => running || void this.#run(index, file())}
        >
          ${icon(isRunning ? "close" : "download")}${isRunning ? translate("message_export_stop") : label}
        </button>`;
      })}`;
  }

  /** What is read out, and why the last one was not made. */
  notes() {
    return html`<p class="unseen-text" role="status">${this.#running ? translate("message_exporting") : nothing}</p>
      <div role="alert">
        ${this.#error ? html`<p class="error pad">${icon("alert")}<span>${this.#error}</span></p>` : nothing}
      </div>`;
  }

  async #run(index: number, { name, load }: ExportedFile): Promise<void> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#show({ index, count: 0 });
    try {
      // The first line has the names of the columns, or what the file is about.
      save(await load((lines) => this.#show({ index, count: Math.max(0, lines - 1) }), signal), name);
      this.#show(null);
    } catch (error) {
      this.#show(null, signal.aborted ? "" : translate(this.#failed, { reason: sentence(error) }));
    }
  }

  /** A double click on the button before does not stop it. */
  readonly #stop = (click: MouseEvent) => {
    if (click.detail <= 1) this.#abort.abort();
  };

  #show(running: { index: number; count: number } | null, error = ""): void {
    this.#running = running;
    this.#error = error;
    this.#host.requestUpdate();
  }
}
