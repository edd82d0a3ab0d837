// What this device remembers: half-filled check-ins (drafts), answers waiting to be sent, the page itself for use
// without a connection. All of it belongs to one person. It goes as soon as the answers are saved, when that person
// signs out, and when somebody else signs in here: a family shares devices, and answers are not for the family.

import "./outbox.js";

const PREFIX = "openrapport:draft:";
const PAGES = "openrapport-check-in-pages";
const KEEP_DAYS = 30;
const DAY = 24 * 60 * 60 * 1000;

const nameOf = (person, checkIn) => `${PREFIX}${person}:${checkIn}`;

// A store that forgets when the page goes: for handed-over devices, and where the browser refuses to store.
export const noDrafts = { read: () => null, write: () => false, remove: () => {} };

export function draftsOf(person, checkIn) {
  const name = nameOf(person, checkIn);
  return {
    read() {
      try {
        return JSON.parse(localStorage.getItem(name));
      } catch {
        return null;
      }
    },
    write(draft) {
      try {
        localStorage.setItem(name, JSON.stringify({ ...draft, at: Date.now() }));
        return true;
      } catch {
        return false; // storage is full or switched off: the badge then does not say "saved here"
      }
    },
    remove() {
      try {
        localStorage.removeItem(name);
      } catch {
        // switched off: there is nothing to remove
      }
    },
  };
}

function draftNames() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
}

function isOld(name) {
  try {
    return Date.now() - JSON.parse(localStorage.getItem(name)).at > KEEP_DAYS * DAY;
  } catch {
    return true;
  }
}

async function forgetPages() {
  if ("caches" in self) await caches.delete(PAGES);
}

// The answers of this check-in are in the database: nothing of it stays here.
export async function forgetCheckIn(person, checkIn) {
  draftsOf(person, checkIn).remove();
  try {
    await self.outbox.remove(checkIn);
    if ("caches" in self) await (await caches.open(PAGES)).delete(`/check-in/${checkIn}/`);
  } catch {
    // no database or no cache on this device: nothing was kept in it
  }
}

export async function forgetOthers(person) {
  for (const name of draftNames()) {
    if (!name.startsWith(`${PREFIX}${person}:`) || isOld(name)) localStorage.removeItem(name);
  }
  try {
    const theirs = (await self.outbox.all()).filter((entry) => entry.person !== person);
    for (const entry of theirs) await self.outbox.remove(entry.id);
    const last = localStorage.getItem("openrapport:person");
    if (last !== person) await forgetPages();
    localStorage.setItem("openrapport:person", person);
  } catch {
    await forgetPages();
  }
}

export async function forgetEverybody() {
  for (const name of draftNames()) localStorage.removeItem(name);
  try {
    localStorage.removeItem("openrapport:person");
    await self.outbox.forget();
  } finally {
    await forgetPages();
  }
}
