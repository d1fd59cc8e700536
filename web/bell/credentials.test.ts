import { expect, it, vi } from "vitest";
import { Credentials } from "./credentials";
import { sharedName } from "./identity";
import { tokenOf } from "./testing/hub";

const anyToken = () => true;

it("asks the page once, however many calls wait for a token", async () => {
  const ask = vi.fn(async () => "fresh");
  const credentials = new Credentials("old", ask, anyToken);
  expect(await credentials.get()).toBe("old");
  expect(await Promise.all([credentials.get("old"), credentials.get("old")])).toEqual(["fresh", "fresh"]);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(await credentials.get("old")).toBe("fresh");
  expect(ask).toHaveBeenCalledTimes(1);
});

it.each([
  ["there is nobody to ask", undefined],
  ["the page has none", async () => null],
  ["it gives the refused one again", async () => "old"],
])("is signed out where %s", async (_, ask) => {
  await expect(new Credentials("old", ask, anyToken).get("old")).rejects.toMatchObject({ status: 401 });
});

it("takes a page that fails to answer for one that cannot be reached", async () => {
  const ask = async () => Promise.reject(new Error("network"));
  await expect(new Credentials(undefined, ask, anyToken).get()).rejects.toMatchObject({ status: 0 });
});

it("never uses the token of somebody else, but keeps it for who asks", async () => {
  const credentials = new Credentials(
    "old",
    () => "other's",
    (token) => token === "old",
  );
  await expect(credentials.get("old")).rejects.toMatchObject({ status: 401 });
  expect(credentials.foreign).toBe("other's");
  expect(credentials.token).toBe("old");
});

it("prefers a token that was set while the page was thinking", async () => {
  const credentials: Credentials = new Credentials("old", async () => "late", anyToken);
  const waiting = credentials.get("old");
  credentials.token = "set";
  expect(await waiting).toBe("set");
});

it("reads from a token whose it is, and nothing from what is none", () => {
  const name = (user: string, serial = 0) => sharedName("https://a.example", tokenOf(user, serial));
  for (const none of ["", "a.b", "a.e30.c", "a.bnVsbA.c"]) expect(sharedName("", none)).toBeUndefined();
  for (const user of ["ann", "Zoë ~~~ 你好"]) expect(name(user, 1)).toBe(name(user, 2));
  expect(new Set([name("ann"), name("Zoë"), name("Zoé"), sharedName("https://b.example", tokenOf("ann"))]).size).toBe(
    4,
  );
});
