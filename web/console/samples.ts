/** Small made-up data for the tests of the console. */
import type { Audiences, KeptDraft, Message, ScopeNumbers } from "../api";

const clinic = (id: string, name: string) => ({ id, name, user_count: 10 });

/** A platform administrator's: two organisations that may be chosen whole. */
export const PLATFORM: Audiences = {
  viewer: { id: "ada", name: "Ada Platform" },
  everyone: true,
  user_count: 70,
  organisations: [
    {
      id: "north",
      name: "Northern Care",
      user_count: 32,
      selectable: true,
      clinics: [clinic("aspen", "Aspen Street"), clinic("birch", "Birch Hill"), clinic("zoe", "Zoë’s Practice")],
    },
    { id: "south", name: "Southern Care", user_count: 20, selectable: true, clinics: [clinic("cedar", "Cedar Park")] },
  ],
};

/** A clinic administrator's: an organisation that only groups two of its clinics. */
export const CLINICS: Audiences = {
  viewer: { id: "clara", name: "Clara Clinic" },
  everyone: false,
  user_count: null,
  organisations: [
    {
      id: "north",
      name: "Northern Care",
      user_count: 32,
      selectable: false,
      clinics: [clinic("aspen", "Aspen Street"), clinic("birch", "Birch Hill")],
    },
  ],
};

export function message(changes: Partial<Message> = {}): Message {
  return {
    id: "0190a0a0-0000-7000-8000-000000000001",
    title: "Title",
    body: "Body",
    audience: { organisations: ["north"], clinics: [] },
    sender: { id: "amara", name: "Amara Okafor" },
    status: "sent",
    recipient_count: 32,
    delivered_count: 32,
    created_at: "2026-11-22T18:00:00Z",
    sent_at: "2026-11-22T18:00:00Z",
    completed_at: "2026-11-22T18:00:01Z",
    recalled_at: null,
    recalled_by: null,
    category: null,
    priority: "normal",
    pinned_until: null,
    expires_at: null,
    expired: false,
    entries_dropped: false,
    ...{ follows: null, only: null, acknowledgement: null },
    ...{ supersedes: null, superseded_at: null, superseded_by: null, change_summary: null },
    ...changes,
  };
}

/** The acknowledgements of a clinic. */
export function scopeNumbers(name: string, changes: Partial<ScopeNumbers> = {}): ScopeNumbers {
  const numbers = { recipients: 10, acknowledged: 6, outstanding: 3, overdue: 0, left: 1, no_longer_asked: 0 };
  return { ...numbers, median_hours: 5.2, id: name, name, level: "clinic", organisation: null, ...changes };
}

export function keptDraft(changes: Partial<KeptDraft> = {}): KeptDraft {
  return {
    id: "0190a0a0-0000-7000-8000-00000000000d",
    ...{
      title: null,
      body: null,
      audience: null,
      category: null,
      priority: null,
      pinned_until: null,
      expires_at: null,
    },
    state: "draft",
    author: { id: "amara", name: "Amara Okafor" },
    sender: { id: "amara", name: "Amara Okafor" },
    created_at: "2026-11-22T18:00:00Z",
    updated_at: "2026-11-22T18:00:00Z",
    ...{ send_at: null, resolved_at: null, local: null, time_zone: null, adjusted: null, not_after: null },
    ...{ ended_at: null, reason: null, detail: null, follows: null, only: null },
    ...{ acknowledgement: null, supersedes: null, change_summary: null },
    ...changes,
  };
}
