import { describe, expect, it } from "vitest";
import { Problem } from "../../api";
import { fileName, readLines } from "./download";

/** An answer that arrives in pieces, and breaks off after them where it is said to. */
function answer(pieces: string[], breaks = false): Response {
  const waiting = pieces.map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream({
    pull(controller) {
      const piece = waiting.shift();
      if (piece) controller.enqueue(piece);
      else if (breaks) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/csv" } });
}

const { signal } = new AbortController();

describe("readLines", () => {
  it("is the whole file, and counts its lines as they arrive", async () => {
    const counts: number[] = [];
    const file = await readLines(answer(["id,na", "me\r\na,Ä\r\n", "b,B\r\n"]), (count) => counts.push(count), signal);
    expect(await file.text()).toBe("id,name\r\na,Ä\r\nb,B\r\n");
    expect(file.type).toBe("text/csv");
    expect(counts).toEqual([0, 2, 3]);
  });

  it("fails where the file ends too early, rather than save a part of it", async () => {
    const reading = readLines(answer(["id,name\r\n"], true), () => undefined, signal);
    await expect(reading).rejects.toThrow(Problem);
    await expect(reading).rejects.toMatchObject({ code: "unreachable" });
  });

  it("ends with the caller's own reason where the caller stops it", async () => {
    const abort = new AbortController();
    const reading = readLines(answer(["id,name\r\n"], true), () => abort.abort(new Error("stopped")), abort.signal);
    await expect(reading).rejects.toThrow("stopped");
  });
});

describe("fileName", () => {
  it.each([
    ["Recipients of Flu vaccine", "Recipients of Flu vaccine.csv"],
    ['a/b\\c: "d" <e>|f?*', "a b c d e f.csv"],
    ["..hidden.", "hidden.csv"],
    ["تحديث", "تحديث.csv"],
  ])("is %j as %j", (title, name) => {
    expect(fileName(title, "csv")).toBe(name);
  });
});
