/** Texts that several pages of the console use. */
import type { Plural } from "../../common/translate";

export const common = {
  people: { one: "{count} person", other: "{count} people" } as Plural,
  retry: "Retry",
  search_clear: "Clear search",
  list_more: "Show more",
  list_loading_more: "Loading more…",
  list_more_failed: "Could not load more. {reason}",
  clinics: { one: "{count} clinic", other: "{count} clinics" } as Plural,
  organisations: { one: "{count} organisation", other: "{count} organisations" } as Plural,
};
