/** Reads a file that may be long, and says how far it has come. Pure but for the answer it is given. */
import { Problem } from "../../api";

const LINE_FEED = 10;

/** `onLines` is called with the number of lines so far, for each piece that arrives. Throws a `Problem` where it ends too early. */
export async function readLines(
  answer: Response,
  onLines: (count: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let lines = 0;
  try {
    const reader = answer.body?.getReader();
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      pieces.push(next.value);
      for (const byte of next.value) if (byte === LINE_FEED) lines += 1;
      onLines(lines);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw Problem.notReached(false, error);
  }
  return new Blob(pieces, { type: answer.headers.get("Content-Type") ?? "" });
}

/** A name for a file about what `title` names, on every system. */
export function fileName(title: string, ending: string): string {
  const name = title.replace(/[\\/:*?"<>|\p{Cc}]+/gu, " ").replace(/\s+/g, " ");
  return `${name.trim().replace(/^\.+|\.+$/g, "")}.${ending}`;
}

/** Hands the file to the browser, which asks for a place or puts it with other downloads. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
