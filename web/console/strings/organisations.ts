/** Texts of the organisations page. */
import type { Plural } from "../../common/translate";

export const organisations = {
  organisations_find: "Search organisations and clinics",
  organisations_size: "{clinics}, {people}",
  organisations_found: "{organisations} and {clinics} found",
  organisations_count: { one: "{count} organisation", other: "{count} organisations" } as Plural,
  organisations_clinics: { one: "{count} clinic", other: "{count} clinics" } as Plural,
  organisations_own_clinics: {
    one: "{count} clinic that you administer",
    other: "{count} clinics that you administer",
  } as Plural,
  organisations_clinics_of: "Clinics of {name}",
  organisations_actions: "Actions for {name}",
  organisations_create: "Create message",
  organisations_sent: "Show sent messages",
  organisations_no_match: "No matches for “{query}”",
  organisations_no_match_hint: "Check the spelling, or search for a part of the name.",
  organisations_empty: "No organisations yet",
  organisations_empty_hint: "They appear here once the platform’s directory has been imported.",
};
