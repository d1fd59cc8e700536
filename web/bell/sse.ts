/**
 * Reads the hub's event stream from bytes as they come in: blocks of `field: value` lines, with an empty line after each. Of what
 * the standard (HTML, "Server-sent events") allows beyond that, the hub writes nothing: its lines end in LF, its data are one line.
 */

export interface StreamEvent {
  readonly event?: string;
  readonly data?: string;
  /** Where to resume after this event. */
  readonly id?: string;
  /** Milliseconds to wait before coming back when the stream has ended. */
  readonly retry?: string;
}

// A notification is at most a few kilobytes; a block beyond this is no event.
const LONGEST_BLOCK = 1_000_000;

export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The blocks that are complete with these bytes. A comment is one without any field. */
  *read(bytes: Uint8Array): Generator<StreamEvent> {
    const blocks = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > LONGEST_BLOCK) throw new Error("This is no event stream.");
    for (const block of blocks) {
      yield Object.fromEntries([...block.matchAll(/^(\w+): ?(.*)$/gm)].map(([, field, value]) => [field, value]));
    }
  }
}
