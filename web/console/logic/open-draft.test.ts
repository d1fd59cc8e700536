import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DraftFields, type KeptDraft, Problem, type Schedule } from "../../api";
import type { DraftCalls, Kept } from "../hub-drafts";
import { keptDraft, message } from "../samples";
import { type Draft, EMPTY } from "./draft";
import { Drafts } from "./drafts";
import type { OpenDraft } from "./open-draft";

const AWAY = Problem.notReached(false, null);
const refused = (status: number, code: string) => new Problem(status, code, `Because ${code}.`);

/** A hub with one draft at most, and a line to it that can be cut before or after a request. */
class FakeHub {
  draft: KeptDraft | null = null;
  version = 0;
  created = 0;
  sends = 0;
  cut: "request" | "answer" | null = null;
  refusal: Problem | null = null;
  #first = { key: "", fields: "" };

  list = vi.fn();
  getMessage = async (id: string) => message({ id });
  get = () => this.#carry(() => this.#found());
  create = (fields: DraftFields, key: string) =>
    this.#carry(() => {
      if (this.draft && key === this.#first.key) {
        if (JSON.stringify(fields) === this.#first.fields) return this.#kept();
        throw new Problem(422, "idempotency-key-reused", "Reused.", {}, undefined, { messageId: this.draft.id });
      }
      this.#first = { key, fields: JSON.stringify(fields) };
      this.created += 1;
      this.draft = keptDraft({ id: `0190a0a0-0000-7000-8000-00000000000${this.created}` });
      return this.edit(fields);
    });
  change = (_id: string, fields: DraftFields, etag: string) =>
    this.#carry(() => {
      this.#found();
      if (this.draft?.state === "released") throw refused(409, "already-released");
      if (etag !== this.#kept().etag) throw refused(412, "version-mismatch");
      return this.edit(fields);
    });
  remove = async (_id: string) => {
    this.draft = null;
  };
  schedule = (_id: string, { send_at }: Schedule, etag: string) =>
    this.#carry(() => {
      if (etag !== this.#kept().etag) throw refused(412, "version-mismatch");
      return this.edit({ state: "scheduled", send_at: send_at ?? null });
    });
  unschedule = (_id: string) => this.#carry(() => this.edit({ state: "draft", send_at: null }));
  send = (id: string, etag: string) =>
    this.#carry(() => {
      if (this.draft?.state === "released") throw refused(409, "already-released");
      if (etag !== this.#kept().etag) throw refused(412, "version-mismatch");
      this.sends += 1;
      this.edit({ state: "released" });
      return message({ id });
    });

  edit(change: DraftFields | Partial<KeptDraft>): Kept {
    this.draft = { ...(this.draft as KeptDraft), ...(change as Partial<KeptDraft>) };
    this.version += 1;
    return this.#kept();
  }

  #found(): Kept {
    if (!this.draft) throw refused(404, "not-found");
    return this.#kept();
  }

  #kept(): Kept {
    return { draft: this.draft as KeptDraft, etag: `"${this.version}"` };
  }

  async #carry<T>(work: () => T): Promise<T> {
    if (this.refusal) throw this.refusal;
    if (this.cut === "request") throw AWAY;
    const answer = work();
    if (this.cut === "answer") throw AWAY;
    return answer;
  }
}

let hub: FakeHub;
const make = () => new Drafts(hub as unknown as DraftCalls, localStorage, "demo/amara");
const NEW = { beginning: EMPTY, empty: EMPTY };
const open = async (name: string | null = null, drafts = make(), contents = NEW) =>
  (await drafts.open(name, contents, () => undefined)) as OpenDraft;
const write = (opened: OpenDraft, title: string) => opened.change({ ...opened.draft, title });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function saved(title: string): Promise<OpenDraft> {
  const opened = await open();
  write(opened, title);
  await opened.save();
  return opened;
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  hub = new FakeHub();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("saving", () => {
  it("waits until typing stops, makes the draft once, and then changes it", async () => {
    const opened = await open();
    await pass(60_000);
    expect(hub.created).toBe(0);
    for (const title of ["H", "Ha", "Half"]) {
      write(opened, title);
      expect(localStorage.length).toBe(1);
      await pass(1_000);
    }
    expect(hub.created).toBe(0);
    await pass(1_500);
    expect([hub.created, hub.draft?.title, opened.id]).toEqual([1, "Half", hub.draft?.id]);
    expect([opened.isDirty, localStorage.length]).toEqual([false, 0]);
    write(opened, "Half a thought");
    await pass(2_500);
    expect([hub.created, hub.draft?.title]).toEqual([1, "Half a thought"]);
  });

  it("saves what was typed while an answer was on its way", async () => {
    const opened = await open();
    write(opened, "One");
    const saving = opened.save();
    write(opened, "One two");
    await saving;
    expect(opened.isDirty).toBe(true);
    await pass(2_500);
    expect([hub.draft?.title, opened.isDirty]).toEqual(["One two", false]);
  });

  it("goes on by itself after the hub was away, and keeps the text in the browser until then", async () => {
    hub.cut = "request";
    const opened = await open();
    write(opened, "Offline");
    await pass(2_500);
    expect([opened.error, opened.isInBrowser, localStorage.length]).toEqual([AWAY, true, 1]);
    hub.cut = null;
    await pass(6_000);
    expect([opened.error, opened.isDirty, hub.draft?.title, localStorage.length]).toEqual([null, false, "Offline", 0]);
  });

  it("makes one draft where the answer to the first request is lost, and saves what came after it", async () => {
    hub.cut = "answer";
    const opened = await open();
    write(opened, "Lost");
    await pass(2_500);
    hub.cut = null;
    write(opened, "Lost and found");
    await pass(10_000);
    expect([hub.created, hub.draft?.title, opened.isDirty]).toEqual([1, "Lost and found", false]);
  });

  it("finds no conflict with its own change, whose answer was lost", async () => {
    const opened = await saved("One");
    hub.cut = "answer";
    write(opened, "Two");
    await pass(2_500);
    hub.cut = null;
    write(opened, "Three");
    await pass(10_000);
    expect([opened.conflict, hub.draft?.title, opened.isDirty]).toEqual([null, "Three", false]);
  });

  it("says what the hub refuses, and tries again once that has changed", async () => {
    hub.refusal = refused(422, "validation-failed");
    const opened = await open();
    write(opened, "Refused");
    await pass(120_000);
    expect(opened.error).toBe(hub.refusal);
    hub.refusal = null;
    write(opened, "Accepted");
    await pass(2_500);
    expect([opened.error, hub.draft?.title]).toEqual([null, "Accepted"]);
  });

  it("says so where the browser keeps nothing", async () => {
    hub.cut = "request";
    const opened = await open(null, new Drafts(hub as unknown as DraftCalls, null, "x"));
    write(opened, "Nowhere");
    await pass(2_500);
    expect(opened.isInBrowser).toBe(false);
  });

  it("saves when the page is left", async () => {
    const drafts = make();
    write(await open(null, drafts), "Left");
    await drafts.close();
    expect([hub.draft?.title, localStorage.length]).toEqual(["Left", 0]);
  });
});

describe("opening", () => {
  it("goes on with what was not saved, also before the hub has made the draft", async () => {
    hub.cut = "request";
    const drafts = make();
    const opened = await open(null, drafts);
    write(opened, "Unsaved");
    await drafts.close();
    hub.cut = null;
    expect(drafts.listUnsaved().map(({ draft }) => draft.title)).toEqual(["Unsaved"]);
    const again = await open(opened.name);
    expect(again.draft.title).toBe("Unsaved");
    await again.save();
    expect([hub.draft?.title, localStorage.length]).toEqual(["Unsaved", 0]);
  });

  it("brings a draft from another machine, and changes it", async () => {
    const { id } = await saved("From afar");
    const opened = await open(id);
    expect([opened.draft.title, opened.isDirty]).toEqual(["From afar", false]);
    write(opened, "Continued here");
    await opened.save();
    expect(hub.draft?.title).toBe("Continued here");
  });

  it("works without the hub on what this browser has of it", async () => {
    const drafts = make();
    const opened = await saved("One");
    hub.cut = "request";
    write(opened, "Two");
    const again = await open(opened.id, drafts);
    expect([again.draft.title, again.error]).toEqual(["Two", AWAY]);
    hub.cut = null;
    await again.save();
    expect([hub.draft?.title, again.conflict]).toEqual(["Two", null]);
  });

  it.each(["{", "null", "[]", "7", '{"key": 7}', '{"key": "k", "draft": {"title": 7}}'])(
    "does not take %s for a draft",
    async (text) => {
      const key = "0".repeat(32);
      localStorage.setItem(`message-hub:draft:demo/amara:${key}`, text);
      expect((await open(key)).draft).toEqual(EMPTY);
    },
  );

  it("throws for a draft that is nowhere", async () => {
    await expect(open("0190a0a0-0000-7000-8000-000000000009")).rejects.toThrow("not-found");
  });
});

describe("a draft that was changed elsewhere", () => {
  it("is shown in its newest version where nothing was changed here", async () => {
    const opened = await saved("Mine");
    hub.edit({ title: "Theirs" });
    await opened.refresh();
    expect([opened.draft.title, opened.elsewhere]).toEqual(["Theirs", { is: "changed" }]);
  });

  it("is never overwritten: both versions are there, and either can be kept", async () => {
    for (const choice of ["mine", "theirs"]) {
      const opened = await saved("One");
      hub.edit({ title: "Theirs" });
      write(opened, "Mine");
      await pass(2_500);
      expect([opened.draft.title, opened.conflict?.draft.title, hub.draft?.title]).toEqual([
        "Mine",
        "Theirs",
        "Theirs",
      ]);
      await pass(60_000);
      expect(hub.draft?.title).toBe("Theirs");
      if (choice === "mine") await opened.keepMine();
      else opened.takeTheirs();
      const kept = choice === "mine" ? "Mine" : "Theirs";
      expect([opened.draft.title, hub.draft?.title, opened.conflict]).toEqual([kept, kept, null]);
      expect(localStorage.length).toBe(0);
    }
  });

  it("is found so after a reload too", async () => {
    const drafts = make();
    const opened = await saved("One");
    hub.cut = "request";
    write(opened, "Mine");
    hub.cut = null;
    hub.edit({ title: "Theirs" });
    const again = await open(opened.id, drafts);
    expect([again.draft.title, again.conflict?.draft.title]).toEqual(["Mine", "Theirs"]);
  });

  it("leaves what was changed since as a new draft once it was sent", async () => {
    const opened = await saved("Sent");
    const id = hub.draft?.id;
    hub.edit({ state: "released" });
    write(opened, "Sent, and changed");
    await pass(2_500);
    expect(opened.elsewhere).toEqual({ is: "sent", id });
    await pass(2_500);
    expect([hub.created, hub.draft?.title, hub.draft?.state]).toEqual([2, "Sent, and changed", "draft"]);
  });

  it("is over once it was sent or deleted and nothing was changed here", async () => {
    const opened = await saved("Sent");
    hub.edit({ state: "released" });
    await opened.refresh();
    expect([opened.elsewhere?.is, opened.draft, opened.id]).toEqual(["sent", EMPTY, null]);
    const other = await saved("Deleted");
    hub.draft = null;
    await other.refresh();
    expect([other.elsewhere?.is, other.draft]).toEqual(["deleted", EMPTY]);
  });
});

describe("sending", () => {
  it("saves, sends that version, and makes one message where answers are lost", async () => {
    const opened = await open();
    write(opened, "Once");
    for (const cut of ["request", "answer", "answer"] as const) {
      hub.cut = cut;
      await expect(opened.send()).rejects.toBe(AWAY);
    }
    hub.cut = null;
    expect((await opened.send()).id).toBe(hub.draft?.id);
    expect([hub.created, hub.sends]).toEqual([1, 1]);
  });

  it("does not send what was changed elsewhere meanwhile", async () => {
    const opened = await saved("Mine");
    hub.edit({ title: "Theirs" });
    await expect(opened.send()).rejects.toMatchObject({ code: "version-mismatch" });
    expect([hub.sends, opened.draft.title, opened.elsewhere?.is]).toEqual([0, "Theirs", "changed"]);
  });

  it("sends where only its state has changed", async () => {
    const opened = await saved("Mine");
    hub.edit({ state: "missed" });
    await opened.send();
    expect(hub.sends).toBe(1);
  });

  it("does not send a second message of what was changed after an attempt that arrived", async () => {
    const opened = await saved("Sent");
    hub.cut = "answer";
    await expect(opened.send()).rejects.toBe(AWAY);
    hub.cut = null;
    write(opened, "Sent, and changed");
    await expect(opened.send()).rejects.toMatchObject({ code: "version-mismatch" });
    expect([hub.sends, opened.elsewhere?.is, opened.draft.title]).toEqual([1, "sent", "Sent, and changed"]);
  });
});

describe("a copy", () => {
  const copy: Draft = { ...EMPTY, title: "Copied" };
  const openCopy = () => open(null, make(), { beginning: copy, empty: EMPTY });

  it("is sent and scheduled as it began, where nothing was changed", async () => {
    await (await openCopy()).send();
    expect([hub.draft?.title, hub.sends]).toEqual(["Copied", 1]);
    await (await openCopy()).schedule({ send_at: "2126-12-02T09:00:00Z" });
    expect([hub.created, hub.draft?.title, hub.draft?.state]).toEqual([2, "Copied", "scheduled"]);
  });

  it("does not begin once more when it is deleted here, or sent elsewhere", async () => {
    for (const end of ["deleted", "sent"]) {
      const opened = await openCopy();
      write(opened, "Copied, and changed");
      await opened.save();
      hub.edit({ state: end === "sent" ? "released" : "draft" });
      await (end === "sent" ? opened.refresh() : opened.remove());
      expect([opened.draft, opened.id, opened.isDirty, localStorage.length]).toEqual([EMPTY, null, false, 0]);
    }
  });
});

describe("a scheduled draft", () => {
  it("is changed only when somebody says so", async () => {
    const opened = await saved("At nine");
    await opened.schedule({ send_at: "2126-12-02T09:00:00Z" });
    write(opened, "At nine, changed");
    await pass(60_000);
    expect([hub.draft?.title, localStorage.length]).toEqual(["At nine", 1]);
    await opened.save();
    expect([hub.draft?.title, localStorage.length]).toEqual(["At nine, changed", 0]);
  });

  it("keeps what was changed when it becomes a draft again", async () => {
    const opened = await saved("At nine");
    await opened.schedule({ send_at: "2126-12-02T09:00:00Z" });
    write(opened, "Not at all");
    await opened.unschedule();
    await pass(1);
    expect([hub.draft?.state, hub.draft?.title, opened.isDirty]).toEqual(["draft", "Not at all", false]);
  });

  it("takes another time where only its state has changed meanwhile", async () => {
    const opened = await saved("At nine");
    hub.edit({ state: "missed" });
    await opened.schedule({ send_at: "2126-12-02T09:00:00Z" });
    expect([opened.state, opened.kept?.send_at]).toEqual(["scheduled", "2126-12-02T09:00:00Z"]);
  });
});
