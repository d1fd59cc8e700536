import { beforeEach, expect, it } from "vitest";
import { type KeptDraft, Problem } from "../../api";
import type { DraftCalls, DraftState } from "../hub-drafts";
import { keptDraft } from "../samples";
import { DraftList, PAGE } from "./draft-list";

const AWAY = Problem.notReached(false, null);
const ALL = Array.from({ length: 2 * PAGE + 1 }, (_, number) => keptDraft({ id: String(number) }));
let failure: Problem | null = null;
let list: DraftList;

const calls = {
  list: async (_states: readonly DraftState[], wanted: number) => {
    if (failure) throw failure;
    return { drafts: ALL.slice(0, wanted) as KeptDraft[], hasMore: wanted < ALL.length };
  },
};

beforeEach(() => {
  failure = null;
  list = new DraftList(calls as unknown as DraftCalls, ["draft"], () => undefined);
});

it("shows more when it is asked to, until all are there, and reads all of them again", async () => {
  await list.load();
  expect([list.drafts.length, list.status]).toEqual([PAGE, "idle"]);
  const growing = list.more();
  expect(list.status).toBe("loading");
  await growing;
  await list.load();
  expect([list.drafts.length, list.status]).toEqual([2 * PAGE, "idle"]);
  await list.more();
  expect([list.drafts.length, list.status]).toEqual([ALL.length, "complete"]);
});

it("says that it could not be read, and keeps what is shown", async () => {
  failure = AWAY;
  await list.load();
  expect([list.status, list.error]).toEqual(["failed", AWAY]);
  failure = null;
  await list.retry();
  failure = AWAY;
  await list.load();
  expect([list.status, list.drafts.length]).toEqual(["idle", PAGE]);
  await list.more();
  expect([list.status, list.drafts.length]).toEqual(["failed", PAGE]);
  failure = null;
  await list.retry();
  expect([list.status, list.drafts.length]).toEqual(["idle", 2 * PAGE]);
});

it("does not shrink where its reader asks for more while it is being read again", async () => {
  await list.load();
  const reading = list.load();
  const growing = list.more();
  await Promise.all([reading, growing]);
  expect([list.drafts.length, list.status]).toEqual([2 * PAGE, "idle"]);
});
