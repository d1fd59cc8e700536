/** What narrows the list of sent messages down: words, an organisation or clinic, a category. Templates only. */
import { html, nothing } from "lit";
import type { Directory } from "../logic/directory";
import type { Filter, Listing } from "../logic/routes";
import { translate } from "../strings";
import { categoryFilter } from "./category-filter";
import "./scope-filter";
import "./search-field";

export interface SentFilters {
  listing: Listing;
  directory: Directory;
  /** Those of the platform. */
  categories: readonly string[];
  change: (change: Partial<Listing>) => void;
}

export function sentFilters({ listing, directory, categories, change }: SentFilters) {
  const { filter, q } = listing;
  return html`<div class="tools" role="search">
    <hub-search-field
      label=${translate("sent_search")}
      hint=${translate("sent_search_hint")}
      .words=${q}
      @words-change=${(event: CustomEvent<string>) => change({ q: event.detail })}
    ></hub-search-field>
    ${
      directory.hasChoice || filter
        ? html`<hub-scope-filter
          .directory=${directory}
          .value=${filter}
          @scope-change=${(event: CustomEvent<Filter>) => change({ filter: event.detail })}
        ></hub-scope-filter>`
        : nothing
    }
    ${categoryFilter(listing.category, categories, (category) => change({ category }))}
  </div>`;
}
