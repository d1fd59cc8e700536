/** Texts of what a sender may add to a message: when it is written, and where it is shown. */
export const options = {
  options: "Options",
  options_category: "Category",
  options_no_category: "None",
  options_important: "Important",
  options_important_hint: "Recipients see it marked as important.",
  options_pin: "Keep at the top until…",
  options_pin_hint: "It stays above other messages, for up to {days} days.",
  options_pin_until: "Keep at the top until",
  options_expire: "Take down on…",
  options_expire_hint: "Recipients no longer see it after that time.",
  options_expire_on: "Take down on",
  options_zone: "In your time zone: {zone}",
  options_no_time: "Choose a date and a time.",
  options_bad_pin: "Choose a time in the next {days} days.",
  options_bad_expiry: "Choose a time in the future.",

  options_priority: "Priority",
};
