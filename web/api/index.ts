/** The hub's APIs: their clients, and their answers by the names they have in OpenAPI. */
import type { paths as ComposePaths, components as compose } from "./generated/compose";
import type { paths as DirectoryPaths, components as directory } from "./generated/directory";
import type { paths as InboxPaths, components as inbox } from "./generated/inbox";

export { type Answer, Client, type GetToken } from "./client";
export { hasCode, Problem } from "./problem";
export type { ComposePaths, DirectoryPaths, InboxPaths };

/** Whom a message goes to: an audience, or those of an earlier message who have not read it. */
export type Addressed = compose["schemas"]["PreviewIn"];
export type Audience = compose["schemas"]["AudienceIn"];
export type Audiences = compose["schemas"]["AudiencesOut"];
export type Viewer = compose["schemas"]["ViewerOut"];
export type Organisation = compose["schemas"]["OrganisationOut"];
export type Clinic = compose["schemas"]["ClinicOut"];
export type NewMessage = compose["schemas"]["MessageIn"];
export type DraftFields = compose["schemas"]["DraftIn"];
export type KeptDraft = compose["schemas"]["DraftOut"];
export type Schedule = compose["schemas"]["ScheduleIn"];
export type Session = compose["schemas"]["SessionOut"];
export type SessionToken = compose["schemas"]["TokenOut"];
export type SignedOut = compose["schemas"]["SignedOutOut"];
export type Message = compose["schemas"]["MessageOut"];

export type Provisioning = directory["schemas"]["ProvisioningOut"];
export type ProvisionedGroup = directory["schemas"]["GroupOut"];
export type ProvisionedGroups = directory["schemas"]["GroupsOut"];
export type Mapping = directory["schemas"]["MappingIn"];
export type DirectoryToken = directory["schemas"]["DirectoryTokenOut"];
export type CreatedToken = directory["schemas"]["CreatedDirectoryTokenOut"];
export type ScimRefusal = directory["schemas"]["RefusalOut"];

export type AcknowledgementNumbers = inbox["schemas"]["NumbersOut"];
export type AcknowledgementSummary = inbox["schemas"]["SummaryOut"];
export type AcknowledgingPeople = inbox["schemas"]["AcknowledgementsOut"];
export type AcknowledgingPerson = inbox["schemas"]["AcknowledgingPersonOut"];
export type Counts = inbox["schemas"]["CountsOut"];
export type Notification = inbox["schemas"]["NotificationOut"];
export type Feed = inbox["schemas"]["FeedOut"];
export type Changed = inbox["schemas"]["ChangedOut"];
export type History = inbox["schemas"]["HistoryOut"];
export type ListedMessage = inbox["schemas"]["ListedMessageOut"];
export type Recipient = inbox["schemas"]["RecipientOut"];
export type Recipients = inbox["schemas"]["RecipientsOut"];
export type ScopeNumbers = inbox["schemas"]["ScopeNumbersOut"];
export type SentMessage = inbox["schemas"]["SentMessageOut"];
