/** Texts of the organisations page. */
import type { Plural } from "../../common/translate";

export const organisations = {
  organisations_find: "Search organisations and clinics",
  organisations_size: "{clinics}, {people}",
  organisations_found: "{organisations} and {clinics} found",
  organisations_own_clinics: {
    one: "{count} clinic that you administer",
    other: "{count} clinics that you administer",
  } as Plural,
  organisations_actions: "Actions for {name}",
  organisations_sent: "Show sent messages",
  organisations_no_match_hint: "Check the spelling, or search for a part of the name.",
  organisations_empty: "No organisations yet",
  organisations_empty_hint: "They appear here once the platform’s directory has been imported.",
};
