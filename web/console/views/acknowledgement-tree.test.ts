import { afterEach, beforeEach, expect, it } from "vitest";
import type { AcknowledgementSummary, ScopeNumbers } from "../../api";
import type { Hub } from "../hub";
import { scopeNumbers } from "../samples";
import "./acknowledgement-tree";
import type { AcknowledgementTree } from "./acknowledgement-tree";

const CLINICS = 5_000;
let asked: string[];
let refuse: unknown;
let tree: AcknowledgementTree;

function summary(data: readonly ScopeNumbers[]): AcknowledgementSummary {
  const totals = { ...scopeNumbers("total"), distinct: 10 };
  const about = { by: "organisation" as const, due_at: null, closed_because: null, as_of: "2026-12-01T09:00:00Z" };
  return { ...about, data: [...data], totals };
}

const organisations = ["north", "south"].map((id) => scopeNumbers(id, { level: "organisation" }));

beforeEach(async () => {
  asked = [];
  refuse = null;
  tree = document.createElement("hub-acknowledgement-tree");
  const getClinics = async (_message: string, organisation: string) => {
    asked.push(organisation);
    if (refuse) throw refuse;
    return Array.from({ length: CLINICS }, (_, number) => scopeNumbers(`Clinic ${number}`));
  };
  tree.hub = { acknowledgements: { getClinics } } as unknown as Hub;
  tree.messageId = "0190";
  tree.summary = summary(organisations);
  document.body.append(tree);
  await tree.updateComplete;
});

afterEach(() => tree.remove());

const all = (selector: string) => [...tree.renderRoot.querySelectorAll<HTMLElement>(selector)];
const press = async (selector: string) => {
  all(selector)[0]?.click();
  await new Promise((resolve) => setTimeout(resolve));
  await tree.updateComplete;
};

it("asks for the clinics of an organisation when it is opened, and draws them in parts", async () => {
  expect(asked).toEqual([]);
  await press(".opener");
  expect(asked).toEqual(["north"]);
  expect(all(".inside > li")).toHaveLength(20);
  await press(".more button");
  expect(all(".inside > li")).toHaveLength(40);
  await press(".opener");
  expect(all(".inside")).toHaveLength(0);
});

it("reads what is open again with the numbers, and keeps it where that fails", async () => {
  await press(".opener");
  refuse = new Error("away");
  tree.summary = summary(organisations);
  await press("h2");
  expect(asked).toEqual(["north", "north"]);
  expect(all(".inside > li")).toHaveLength(20);
  await press(".opener");
  await press(".opener");
  expect(all('[role="alert"]')[0]?.textContent).toContain("Could not load the clinics.");
});

it("is not shown for one clinic, whose numbers are the total", async () => {
  tree.summary = summary([scopeNumbers("aspen")]);
  await tree.updateComplete;
  expect(all("section")).toHaveLength(0);
});

it("says whose people are to be shown", async () => {
  const chosen: unknown[] = [];
  tree.addEventListener("scope-chosen", (event) => chosen.push((event as CustomEvent).detail));
  await press('[aria-label="Show people of north"]');
  expect(chosen).toEqual([{ level: "organisation", id: "north" }]);
});
