/** Texts of drafts: whether one is saved, and what became of it elsewhere. */
export const drafts = {
  draft_saved: "Saved",
  draft_saving: "Saving…",
  draft_unsaved: "Not saved yet: {reason} What you wrote is kept in this browser.",
  draft_unsaved_anywhere: "Not saved yet: {reason} Keep this page open: this browser’s storage is blocked or full.",

  draft_opening: "Opening the draft…",
  draft_not_opened: "Could not open the draft",
  draft_missing: "Draft not found or no access",
  draft_missing_text: "It may have been deleted.",
  draft_narrower: "Some recipients of this draft are no longer available. Check the recipients.",

  draft_changed: "This draft was changed elsewhere. You see the newest version.",
  draft_sent: "This draft was sent.",
  draft_sent_new: "This draft was sent. What you changed since then is a new draft.",
  draft_open_message: "Open the message",
  draft_deleted: "This draft was deleted elsewhere.",
  draft_deleted_new: "This draft was deleted elsewhere. What you wrote is a new draft.",

  draft_conflict: "This draft was changed elsewhere",
  draft_conflict_text: "In another tab or by another administrator. Choose which version to keep.",
  draft_mine: "Your version",
  draft_theirs: "The other version, saved {when}",
  draft_keep_mine: "Keep your version",
  draft_take_theirs: "Take the other version",
};
