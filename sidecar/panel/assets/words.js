// The panel's words: names of fields, states, kinds and times as an agent reads them.

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

export const moment = (iso) => MOMENT.format(new Date(iso));
export const percent = (share) => `${Math.round(share * 100)}%`;
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** A calendar day: as UTC for a plain date, so that no time zone moves it. */
export const day = (iso) => DAY.format(new Date(iso.length === 10 ? `${iso}T12:00` : iso));

/** The same without the year while it is this year's. */
export function shortDay(iso) {
  const text = day(iso);
  return text.endsWith(` ${new Date().getFullYear()}`) ? text.slice(0, -5) : text;
}

let own = "case";

/** From now on the panel says what this agent's CRM says: "case" or "ticket". */
export const speak = (noun) => {
  own = noun;
};
export const noun = () => own;
export const Noun = () => sentence(own);

const OBJECTS = {
  Case: "Case",
  ContentVersion: "File",
  FeedItem: "Post",
  tickets: "Ticket",
  emails: "E-mail",
  notes: "Note",
  calls: "Call",
  tasks: "Task",
  EmailMessage: "E-mail",
  CaseComment: "Comment",
  Task: "Task",
  Knowledge__kav: "Article",
};
const FIELDS = {
  TextBody: "Text",
  HtmlBody: "Formatted text",
  FromName: "Sender's name",
  CommentBody: "Text",
  FileText: "Text",
  content: "Description",
  hs_object_id: "Number",
  hs_pipeline_stage: "Status",
  hs_ticket_priority: "Priority",
  hs_email_subject: "Subject",
  hs_email_text: "Text",
  hs_email_html: "Formatted text",
  hs_note_body: "Text",
  hs_call_title: "Subject",
  hs_call_body: "Text",
  hs_task_subject: "Subject",
  hs_task_body: "Text",
};

export const object = (name) => OBJECTS[name] ?? sentence(name);
export const field = (name) => FIELDS[name] ?? sentence(name);

/** "Internal_Risk_Note__c" -> "Internal risk note", "Contact.Phone" -> "Contact phone", "tool-call" -> "Tool call". */
export function sentence(name) {
  const spaced = name
    .replace(/__c$/, "")
    .replace(/[._-]+/g, " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** A reason of the policy without the names of its data categories: "user.contact.phone_number" -> "phone number". */
export const reason = (text) =>
  text.replace(/\b(?:user|system)(?:\.\w+)+/g, (name) => name.split(".").at(-1).replaceAll("_", " "));

export const ROLES = { customer: "Customer", agent: "Our team", record: "Record", article: "Article" };

export const TARGETS = {
  summary_field: "Summary field of the record",
  completed_task: "Completed task",
  tasks: "Open tasks",
  comment: "Comment or note",
};

/** What undo does, said before Apply. */
export const UNDO = {
  summary_field: "Yes: it puts back what stood there, unless somebody has changed it since.",
  completed_task: "Yes: it deletes the task, unless somebody has changed it since.",
  tasks: "Yes: it deletes the tasks, unless somebody has changed them since.",
  comment: "Yes: it deletes the note, unless somebody has changed it since.",
};

const KINDS = {
  person: ["name", "names"],
  email: ["e-mail address", "e-mail addresses"],
  phone: ["phone number", "phone numbers"],
  address: ["postal address", "postal addresses"],
  username: ["user name", "user names"],
  card: ["card number", "card numbers"],
  iban: ["bank account", "bank accounts"],
  credential: ["password or key", "passwords or keys"],
  government_id: ["identity number", "identity numbers"],
  network: ["network address", "network addresses"],
  link: ["link", "links"],
};

export function masked(item) {
  const [one, many] = KINDS[item.category] ?? [
    sentence(item.category).toLowerCase(),
    sentence(item.category).toLowerCase(),
  ];
  return count(item.count, one, many);
}

const RULES = {
  "hidden-text": "text hidden from human eyes",
  "too-long": "is longer than what was read",
  "fake-authority": "claims an authority that it does not have",
  "override-instructions": "tries to replace the assistant's instructions",
  "role-tag": "poses as a part of the conversation",
  "addresses-assistant": "speaks to the assistant",
  "hidden-instruction": "an instruction in hidden text",
  "encoded-payload": "an encoded instruction",
  "exfiltration-link": "a link that would carry data away",
  "fake-citation": "a made-up source",
  "output-control": "dictates what the draft should say",
  "tool-call": "asks for a tool to be run",
  "unicode-tricks": "disguised characters",
};

export const rule = (name) => RULES[name] ?? sentence(name).toLowerCase();

export const STATES = {
  draft: ["Draft", ""],
  applying: ["Being written", "warn"],
  applied: ["Applied", "good"],
  undoing: ["Being undone", "warn"],
  undone: ["Undone", ""],
  expired: ["Expired", ""],
  discarded: ["Discarded", ""],
  unknown: ["Not certain", "bad"],
};

/** What a state means for the agent, in one sentence. */
export function stateSentence(draft) {
  const undo = draft.change?.undoable ? " Undo takes it back as long as nobody has changed it since." : "";
  const target = draft.change ? `“${draft.change.label}”` : "the CRM";
  return {
    draft: `Nothing is written to the CRM yet. This draft can be applied until ${moment(draft.expires)}.`,
    applying: "The CRM has been asked to write this and has not answered yet. Look again in a moment.",
    applied: `Written to ${target}.${undo}`,
    undoing: "The CRM has been asked to take this back and has not answered yet. Look again in a moment.",
    undone: `Taken back: ${target} is as it was before.`,
    expired: "Its time is over, so its content was deleted. Nothing was written.",
    discarded: "You threw this draft away. Nothing was written.",
    unknown:
      "The CRM did not answer and does not say whether this arrived. " +
      `Look in the record for the reference ${draft.change?.key ?? ""}; it is never sent a second time.`,
  }[draft.state];
}
