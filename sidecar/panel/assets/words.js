// The panel's words: the dictionary of the language that the agent chose, or else her browser's; its dates and numbers.

const LANGUAGES = ["en", "de"];
const asked = [localStorage.getItem("language"), ...navigator.languages].map((tag) => tag?.slice(0, 2));

export const language = asked.find((tag) => LANGUAGES.includes(tag)) ?? "en";
const dictionary = await fetch(new URL(`words.${language}.json`, import.meta.url));
export const w = await dictionary.json();
document.documentElement.lang = language;

/** What the server says in the page's language, when the dictionary knows it. */
export const known = (text) => (Object.hasOwn(w.server, text) ? w.server[text] : "");

/** Words with their gaps filled by `values`. Of "one thing|{0} things" the first value chooses the form. */
export function say(words, ...values) {
  const forms = words.split("|");
  return forms[values[0] === 1 ? 0 : forms.length - 1].replace(/\{(\d)\}/g, (_, gap) => values[gap] ?? "");
}

/** The button at the head of both pages: it names the other language, in that language. */
export function offerLanguage(button, words) {
  const other = LANGUAGES.find((one) => one !== language);
  const name = { en: "English", de: "Deutsch" }[other];
  button.lang = other;
  button.textContent = other.toUpperCase();
  button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  button.addEventListener("click", () => {
    localStorage.setItem("language", other);
    location.reload();
  });
  for (const one of document.querySelectorAll("[data-word]")) {
    const text = say(words[one.dataset.word] ?? "", one.dataset.name);
    if (text) one.textContent = text;
  }
}

const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? { en: "en-GB", de: "de-DE" }[language];
const format = (options) => new Intl.DateTimeFormat(locale, options);
const SHORT = { day: "numeric", month: "short" };
const DAY = format({ ...SHORT, year: "numeric" });
const DAY_OF_THIS_YEAR = format(SHORT);
const MOMENT = format({ ...SHORT, year: "numeric", hour: "2-digit", minute: "2-digit" });
const PERCENT = new Intl.NumberFormat(locale, { style: "percent" });

export const moment = (iso) => MOMENT.format(new Date(iso));
export const percent = (share) => PERCENT.format(share);

/** A calendar day; a plain date is taken at noon here, so that no time zone moves it. */
export const day = (iso, shape = DAY) => shape.format(new Date(iso.length === 10 ? `${iso}T12:00` : iso));

/** The same without the year while it is this year's. */
export const shortDay = (iso) => day(iso, iso.startsWith(String(new Date().getFullYear())) ? DAY_OF_THIS_YEAR : DAY);

let nouns = {};

/** What this agent's CRM calls its objects: the dictionary's words, or else the server's. */
export function speak(objects) {
  for (const { object, noun, plural } of objects) nouns[object] = w.nouns[object] ?? [noun, plural];
}

export const noun = (name) => nouns[name]?.[0] ?? w.objects[name] ?? sentence(name);
export const plural = (name) => nouns[name]?.[1] ?? noun(name);
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const object = (name) => capital(noun(name));

/** A field in words, without what only repeats its object; "Name+Title" are two that are read as one. */
export function field(name) {
  const one = (part) => sentence(part.replace(/^hs_([a-z]+_)?/, ""));
  const parts = name.split("+").map((part) => w.fields[one(part)] ?? one(part));
  return parts.join(", ");
}

/** "Internal_Risk_Note__c" -> "Internal risk note", "Contact.Phone" -> "Contact phone", "tool-call" -> "Tool call". */
export function sentence(name) {
  const spaced = name
    .replace(/__c$/, "")
    .replace(/[._-]+/g, " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2");
  return capital(spaced.toLowerCase());
}

/** A reason of the policy without the names of its data categories: "user.contact.phone_number" -> "phone number". */
export const reason = (text) =>
  text.replace(/\b(?:user|system)(?:\.\w+)+/g, (name) => name.split(".").at(-1).replaceAll("_", " "));

export function masked({ category, count }) {
  return say(w.kinds[category] ?? `{0} ${sentence(category).toLowerCase()}`, count);
}

/** A choice of a list as people write it: "FOOD_BEVERAGE" -> "Food beverage". */
export const plain = (text) => (/^[A-Z_]+$/.test(text) ? sentence(text) : text);

export const rule = (name) => w.rules[name] ?? sentence(name).toLowerCase();
