/** Texts that several pages of the console use. */
import type { Plural } from "../../common/translate";

export const common = {
  people: { one: "{count} person", other: "{count} people" } as Plural,
  retry: "Retry",
  search_clear: "Clear search",
  list_more: "Show more",
  list_loading_more: "Loading more…",
  list_more_failed: "Could not load more. {reason}",
  everyone: "Everyone on the platform",
  counting: "Counting recipients…",
  sent_by: "Sent by ",
  no_matches: "No matches for “{query}”",
  list_first: "The first {count}. Type to find others.",
  scopes: "Organisations and clinics",
  clinics_of: "Clinics of {name}",
  clinics: { one: "{count} clinic", other: "{count} clinics" } as Plural,
  organisations: { one: "{count} organisation", other: "{count} organisations" } as Plural,
};
