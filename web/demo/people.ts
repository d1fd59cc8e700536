/** The people of the demo platform, each with a token; served in demo mode only. */

export interface Person {
  readonly id: string;
  readonly name: string;
  /** What they are, for people to read: "platform administrator". */
  readonly role: string;
  readonly token: string;
}

export async function readPeople(): Promise<readonly Person[]> {
  const response = await fetch("../demo/people.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`The demo people could not be read (${response.status}).`);
  return ((await response.json()) as { people: Person[] }).people;
}
