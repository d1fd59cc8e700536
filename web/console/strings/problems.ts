/** What went wrong, by the code that the API gives: it speaks to programs, these sentences to people. */
export const problems = {
  problem_user_inactive: "Your account is not active. Ask an administrator of your platform.",
  problem_feature_not_available: "Your platform’s plan does not include sending messages.",
  problem_administrator_required: "You no longer administer this. Reload the page.",
  problem_directory_managed_by_csv:
    "People of this platform come from imported files. Ask the operator of Message Hub to switch to provisioning.",
  problem_too_many_tokens: "Two tokens are valid already. Revoke the one that is no longer used, then create another.",
  problem_time_in_past: "That time has passed. Choose a later one.",
  problem_time_too_far: "Choose a time within a year.",
  problem_expires_too_early: "The message would be taken down before it is sent. Change one of the two times.",
  problem_draft_incomplete: "Something is missing: a title, a message or recipients.",
  problem_already_released: "It was sent meanwhile.",
  problem_version_mismatch: "It was changed elsewhere meanwhile.",
  problem_evidence_key_missing: "The operator of Message Hub has to make a key for evidence first.",
  problem_no_recipients: "There is no one left to send it to.",
  problem_acknowledgement_not_requested: "It asks for no acknowledgement any more.",
  problem_message_expired: "It has expired.",
  problem_unreachable: "Message Hub cannot be reached. Check your connection.",
  problem_timeout: "Message Hub took too long to answer.",
  problem_unavailable: "Message Hub is busy right now.",
  problem_rate_limited: "Too many requests in a short time. Wait a moment.",
  problem_on_page: "Something went wrong on this page. Reload it and try again.",
};
