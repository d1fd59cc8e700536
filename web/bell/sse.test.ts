import { expect, it } from "vitest";
import { EventStreamParser } from "./sse";

const bytes = (text: string) => new TextEncoder().encode(text);

it("reads what the hub writes, however it is cut", () => {
  const text =
    'retry: 2500\n\n: still here\n\nevent: notification\nid: abc\ndata: {"title":"Grüße: 你好"}\n\nevent: sync\ndata: {}\n\n';
  const whole = [...new EventStreamParser().read(bytes(text))];
  expect(whole).toEqual([
    { retry: "2500" },
    {},
    { event: "notification", id: "abc", data: '{"title":"Grüße: 你好"}' },
    { event: "sync", data: "{}" },
  ]);
  const parser = new EventStreamParser();
  const cut = [...bytes(text)].flatMap((byte) => [...parser.read(Uint8Array.of(byte))]);
  expect(cut).toEqual(whole);
});

it("keeps what is not complete to itself", () => {
  expect([...new EventStreamParser().read(bytes("event: ready\ndata: {}\n"))]).toEqual([]);
});

it("gives up on what never becomes an event", () => {
  const parser = new EventStreamParser();
  expect(() => [...parser.read(bytes("x".repeat(1_000_001)))]).toThrow();
});
